import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StateError } from '../../index';
import type { Figure } from '../../study/figure';

/** Processes at a time. */
const lanes = 2;

/**
 * The SVG of each figure, in their order. Each is drawn by a process of its own, since Vega draws the same bytes in every
 * new process, but not twice in one. These have a process group of their own too: a Ctrl-C at the terminal must not end
 * them, because it is then that the report of what there is so far is drawn.
 * @throws StateError `cli/figure` where one cannot be drawn
 */
export async function renderFigures(figures: readonly Figure[], program = programHere()): Promise<readonly string[]> {
  const svgs: string[] = [];
  const waiting = [...figures.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) svgs[next[0]] = await renderOne(program, next[1]);
  };
  await Promise.all(Array.from({ length: lanes }, work)).finally(() => {
    waiting.length = 0; // after an error nothing more is begun
  });
  return svgs;
}

/** Beside the bundle of the command; in a clone, where sources run as they are, in its `dist`. */
function programHere(): string {
  const places = ['./render-figure.js', '../../../dist/render-figure.js'];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((file) => existsSync(file));
  if (found === undefined)
    throw cannotDraw('figures', 'dist/render-figure.js is missing', 'install it anew, or npm run build in a clone');
  return found;
}

function renderOne(program: string, figure: Figure): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const [svg, complaint] = [textOf(child.stdout), textOf(child.stderr)];
    const fail = (why: string): void => reject(cannotDraw(`the figure ${figure.name}`, why));
    child.on('error', ({ message }) => fail(message));
    child.stdin.on('error', () => {}); // it ended before it had read all; its end says why
    child.on('close', (status, signal) => {
      if (status === 0) resolve(svg());
      else fail(complaint().trim().split('\n').at(-1) || (signal ? `ended by ${signal}` : `status ${status}`));
    });
    child.stdin.end(JSON.stringify(figure));
  });
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

function cannotDraw(what: string, why: string, fix = 'use --json to have the numbers without figures'): StateError {
  return new StateError({ code: 'cli/figure', got: `cannot draw ${what}: ${why}`, expected: 'an SVG', fix });
}
