import { OptionError } from '../index';
import { option } from './options';
import { positive, whole, words } from './values';

/** Options that several commands take. */

/** Those of every command. */
export const everyCommand = {
  seed: option({
    of: whole(0, Number.MAX_SAFE_INTEGER),
    placeholder: 'N',
    otherwise: 0,
    help: 'root of all randomness; the same seed repeats the run',
  }),
  json: option({
    of: words,
    placeholder: 'FILE',
    output: true,
    help: 'write the results as JSON; - writes them to standard output',
  }),
};

/** Those of commands that compute. */
export const computing = {
  threads: option({
    of: whole(1, 64),
    placeholder: 'N',
    help: 'threads that compute; the numbers do not depend on it',
    shown: 'one for each core',
  }),
};

/**
 * Lines of options that trainings share; each command says what holds where one is left out. Bounds keep one option from
 * asking for the impossible; `limits.ts` bounds them together.
 */
export const lines = {
  data: { of: words, placeholder: 'NAME|FILE', help: 'moby-dick, names, sotu, or a text file in UTF-8' },
  steps: { of: whole(1, 1_000_000), placeholder: 'N', help: 'optimizer steps of each run' },
  batch: { of: whole(1, 65_536), placeholder: 'N', help: 'windows of text in a step' },
  seeds: {
    of: whole(1, 1_000),
    placeholder: 'N',
    help: 'repeat every run with this many seeds, counted up from --seed',
  },
  learningRate: { of: positive({ upTo: 1e38 }), placeholder: 'X', shown: 'one for each' },
  report: { of: words, placeholder: 'FILE', output: true, help: 'where the report goes, one HTML page' },
} as const;

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
