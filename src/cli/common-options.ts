import { OptionError } from '../index';
import { option, required } from './options';
import { positive, whole, words } from './values';

/** Options that every command takes. */
export const everyCommand = {
  seed: option(whole(0, Number.MAX_SAFE_INTEGER), 'N', 'root of all randomness; the same seed repeats the run', 0),
  json: {
    ...option(words, 'FILE', 'write the results as JSON; - writes them to standard output'),
    output: true,
  },
} as const;

/** The operand of commands that begin with a saved model. */
export const modelFile = (command: string, placeholder: string) => ({
  ...required(words, placeholder, 'a model'),
  operand: (got: string | undefined) =>
    new OptionError({
      code: 'cli/base',
      got: `floragrad ${command} got ${got === undefined ? 'nothing' : `"${got}"`} where a file should be`,
      expected: 'a model first, as floragrad train --save wrote it',
      fix: `floragrad ${command} ${placeholder.toLowerCase()}, or floragrad ${command} --help`,
    }),
});

/** The option of commands that compute. */
export const threads = {
  ...option(whole(1, 64), 'N', 'threads that compute; the numbers do not depend on it'),
  shown: 'one for each core',
  incidental: true,
} as const;

/**
 * Options of trainings: their kind, what stands for the value, and their help; each command says what holds where one is
 * left out. Bounds keep one option from asking for the impossible; `limits.ts` bounds them together.
 */
export const lines = {
  data: [words, 'NAME|FILE', 'moby-dick, names, sotu, or a text file in UTF-8'],
  steps: [whole(1, 1_000_000), 'N', 'optimizer steps of each run'],
  batch: [whole(1, 65_536), 'N', 'windows of text in a step'],
  report: [words, 'FILE', 'where the report goes, one HTML page'],
  seeds: [whole(1, 1_000), 'N', 'repeat every run with this many seeds, counted up from --seed'],
} as const;

/** One peak for everything that is compared. */
export const learningRate = (compared: string) => ({
  ...option(positive({ upTo: 1e38 }), 'X', `peak learning rate of every ${compared}`),
  shown: 'one for each',
});

export const rank = whole(1, 65_536);

/** `count` seeds, counted up from the first. @throws OptionError `cli/number` where that leaves the whole numbers */
export function seedsFrom(first: number, count: number): number[] {
  if (Number.isSafeInteger(first + (count - 1))) return Array.from({ length: count }, (_, i) => first + i);
  throw new OptionError({
    code: 'cli/number',
    got: `--seed ${first} with ${count} seeds`,
    expected: `seeds up to ${Number.MAX_SAFE_INTEGER}`,
    fix: 'pass another --seed',
  });
}
