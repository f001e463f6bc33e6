import { OptionError } from './errors';
import { type Kind, whole } from './options';
import { type Key, philox } from './philox';

export type { Key } from './philox';

/** A whole number that float64 holds exactly. */
export const seedKind: Kind<number> = whole();

/**
 * The root key of a seed.
 * @throws OptionError `random/seed` when the seed is not a whole number
 */
export function key(seed: number): Key {
  return fold([0, 0], seed);
}

/**
 * A key derived from another one and a path of parts, for example `fold(root, 'blocks.0.mlp.fc.weight', 'flora', refresh)`.
 * Different parts give unrelated streams; equal parts give the same one on every machine. Each part goes through Philox.
 * @throws OptionError `random/seed` when a part is a number but not a whole one
 */
export function fold(from: Key, ...parts: readonly (string | number)[]): Key {
  let current = from;
  for (const part of parts) current = typeof part === 'string' ? foldString(current, part) : foldNumber(current, part);
  return current;
}

const words = new Uint32Array(4);
const numberTag = 0xffffffff; // no string has this length, so a number never collides with a string

function foldNumber(from: Key, part: number): Key {
  if (!Number.isSafeInteger(part)) {
    throw new OptionError({
      code: 'random/seed',
      got: `a random key got the number ${part}`,
      expected: 'a whole number within ±2^53',
      fix: 'pass an integer seed such as 0 or 42',
    });
  }
  philox(from, part >>> 0, Math.floor(part / 2 ** 32) >>> 0, 0, numberTag, words);
  return [words[0] as number, words[1] as number];
}

/** Absorbs four UTF-16 units a round; the length in the last counter word keeps 'a' and 'a\0' apart. */
function foldString(from: Key, part: string): Key {
  let current = from;
  for (let at = 0; at === 0 || at < part.length; at += 4) {
    const unit = (i: number): number => (at + i < part.length ? part.charCodeAt(at + i) : 0);
    philox(current, unit(0) | (unit(1) << 16), unit(2) | (unit(3) << 16), at, part.length, words);
    current = [words[0] as number, words[1] as number];
  }
  return current;
}
