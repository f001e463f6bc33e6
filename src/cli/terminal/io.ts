import pc from 'picocolors';
import { visible, visibleJson } from './visible';

/** The part of a Node stream that commands write to; tests pass their own. */
interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Everything a command knows about the outside world. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The same world, where nothing that is said is heard. */
export function silent(io: Io): Io {
  const unheard: Sink = { write: () => true };
  return { ...io, stdout: unheard, stderr: unheard };
}

/**
 * The same world, of which no stream is a terminal. Open MPI gives each rank one, whatever its own output is: what it
 * collects would be a file with the control characters of a moving bar.
 */
export function piped(io: Io): Io {
  const plain = (sink: Sink): Sink => ({ write: (text) => sink.write(text) });
  return { ...io, stdout: plain(io.stdout), stderr: plain(io.stderr) };
}

/** Where people read. With `--json -` that is stderr, so that stdout carries the JSON alone. */
export interface Screen {
  readonly stream: Sink;
  readonly paint: Readonly<Record<Style, (text: string) => Painted>>;
  /**
   * One line, of parts with nothing between them. Whatever is in the parts, the terminal gets no control character but
   * those of `paint`.
   */
  line(...parts: readonly ScreenPart[]): void;
  /** A piece of a text, whose line breaks are line breaks; of other control characters the terminal gets none either. */
  text(piece: string): void;
}

const styles = ['bold', 'dim', 'cyan'] as const;
type Style = (typeof styles)[number];

/** A text and its colour: an object, so that what colours it stays apart from control characters in the text. */
interface Painted {
  readonly style: Style;
  readonly text: string;
}

export type ScreenPart = string | Painted;

export function screen(io: Io, json: string | undefined): Screen {
  const stream = json === '-' ? io.stderr : io.stdout;
  const colours = pc.createColors(colourful(io, stream));
  const shown = (part: ScreenPart): string =>
    typeof part === 'string' ? visible(part) : colours[part.style](visible(part.text));
  const paint = Object.fromEntries(styles.map((style) => [style, (text: string): Painted => ({ style, text })]));
  return {
    stream,
    paint: paint as Screen['paint'],
    line: (...parts) => void stream.write(`${parts.map(shown).join('')}\n`),
    text: (piece) => void (piece !== '' && stream.write(piece.split('\n').map(visible).join('\n'))),
  };
}

/** What a command found, where `--json -` asks for it. */
export function printJson(io: Io, json: string | undefined, value: unknown): void {
  if (json === '-') io.stdout.write(`${visibleJson(value)}\n`);
}

/** Colours on a terminal, unless NO_COLOR (no-color.org) or a dumb terminal says otherwise; FORCE_COLOR insists. */
function colourful({ env }: Io, stream: Sink): boolean {
  if (env.NO_COLOR) return false;
  return Boolean(env.FORCE_COLOR) || (stream.isTTY === true && env.TERM !== 'dumb');
}
