import { totalmem } from 'node:os';
import { OptionError } from '../index';
import { type GPTSizes, parameterCount } from '../nn/models/gpt-size';
import { bytes, count } from './terminal/format';

/** What options ask for together must fit: each may be within its range, and their product beyond any machine. */

/**
 * Bytes that a step of training cannot do without: the parameters, and what the backward pass reads of the forward pass:
 * twelve rows of the width a block and token (the inputs of its layers, and four each in the MLP), and the logits.
 */
export function leastBytes(sizes: GPTSizes, batch: number): number {
  const tokens = batch * sizes.context;
  return 4 * (parameterCount(sizes) + tokens * (12 * sizes.width * sizes.layers + sizes.vocabularySize));
}

/** What WebAssembly can address, or the machine has. */
const memory = (backend: string): number => Math.min(backend === 'wasm' ? 2 ** 32 : Infinity, totalmem());

/**
 * Refuse a model or batch that no allocation could hold, before there is one.
 * @throws OptionError `cli/too-large`
 */
export function checkMemory(sizes: GPTSizes, batch: number, backend: string): void {
  const [needed, held] = [leastBytes(sizes, batch), memory(backend)];
  if (needed <= held) return;
  const { width, layers, context } = sizes;
  throw tooLarge(
    `${layers} layers of width ${width} (${count(parameterCount(sizes))} parameters) on ${batch} x ${context} characters need at least ${bytes(needed)}`,
    `at most ${bytes(held)}, which the ${backend} backend can hold here`,
    'lower --width, --layers, --batch or --context',
  );
}

/** @throws OptionError `cli/too-large` where a study needs four copies of its gradient that do not fit */
export function checkGradient([rows, columns]: readonly [number, number]): void {
  const [needed, held] = [4 * 4 * rows * columns, memory('wasm')];
  if (needed <= held) return;
  throw tooLarge(
    `--shape ${rows}x${columns} needs at least ${bytes(needed)}`,
    `at most ${bytes(held)}, which the wasm backend can hold here`,
    'lower --shape',
  );
}

/** @throws OptionError `cli/too-large` where more runs, or steps in all of them, are asked for than a report can show */
export function checkRuns(runs: number, steps: number): void {
  if (runs <= most.runs && runs * steps <= most.steps) return;
  throw tooLarge(
    `${count(runs)} runs of ${count(steps)} steps`,
    `at most ${count(most.runs)} runs and ${count(most.steps)} steps in all of them`,
    'lower --seeds or --steps, or compare less at a time',
  );
}

const most = { runs: 1_000, steps: 10_000_000 };

function tooLarge(got: string, expected: string, fix: string): OptionError {
  return new OptionError({ code: 'cli/too-large', got, expected, fix });
}

/** @throws OptionError `cli/rank` where a projection would have more rows than the gradient's smaller side */
export function checkRank(rank: number, [rows, columns]: readonly [number, number], name: string): void {
  const smaller = Math.min(rows, columns);
  if (rank <= smaller) return;
  throw new OptionError({
    code: 'cli/rank',
    got: `--rank ${rank} for a gradient${name} of ${rows}x${columns}`,
    expected: `a rank of at most ${smaller}, its smaller side`,
    fix: 'lower the rank, or project larger gradients (--shape, --dimension, --parameters)',
  });
}
