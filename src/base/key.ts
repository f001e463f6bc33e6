import { checkArgument, type Kind, kindOf, refuseExtra } from './options';
import { type Key, philox } from './philox';

export type { Key } from './philox';

/** What `random.key` and `random.fold` return. */
export const keyKind: Kind<Key> = {
  ...kindOf<Key>('a random key', isKey),
  like: 'random.key(0)',
  fix: (value) =>
    Number.isSafeInteger(value) ? `write random.key(${value})` : 'pass random.key(0), or a key folded from it',
};

function isKey(value: unknown): value is Key {
  return Array.isArray(value) && value.length === 2 && isWord(value[0]) && isWord(value[1]);
}

function isWord(value: unknown): boolean {
  return typeof value === 'number' && value >>> 0 === value;
}

const seedHint = 'pass a whole number within ±2^53, such as 0 or 42';

/** A whole number that float64 holds exactly. */
export const seedKind: Kind<number> = {
  ...kindOf<number>('a whole number within ±2^53', Number.isSafeInteger, 'random/seed'),
  like: '0',
  fix: () => seedHint,
};

const partKind: Kind<string | number> = {
  ...kindOf<string | number>(
    'a string, or a whole number within ±2^53',
    (value) => typeof value === 'string' || Number.isSafeInteger(value),
    'random/seed',
  ),
  fix: () => 'pass a path, a name, or a counter',
};

/**
 * The root key of a seed. There is no global generator and no stream with a position: whatever is random is a function of a
 * key, so the same key gives the same numbers again, today and after a restart.
 * @throws OptionError `random/seed` when the seed is not a whole number
 */
export function key(seed: number): Key {
  if (arguments.length > 1) refuseExtra('random.key', arguments, 1);
  checkArgument('random.key', 'seed', seedKind, seed);
  return foldNumber([0, 0], seed);
}

/**
 * A key derived from another one and a path of parts, for example `fold(root, 'blocks.0.mlp.fc.weight', 'flora', refresh)`.
 * Different parts give unrelated streams; equal parts give the same one on every machine. Each part goes through Philox.
 * @throws OptionError `random/seed` when a part is a number but not a whole one
 */
export function fold(from: Key, ...parts: readonly (string | number)[]): Key {
  checkArgument('random.fold', 'key', keyKind, from);
  let current = from;
  for (const part of parts) {
    checkArgument('random.fold', 'part', partKind, part);
    current = typeof part === 'string' ? foldString(current, part) : foldNumber(current, part);
  }
  return current;
}

const words = new Uint32Array(4);
const numberTag = 0xffffffff; // no string has this length, so a number never collides with a string

/** `fold` with one whole number, unchecked: for loops that fold many. */
export function foldNumber(from: Key, part: number): Key {
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
