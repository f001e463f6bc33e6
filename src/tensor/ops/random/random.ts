import type { Distribution } from '../../../base/distribution';
import { fold, type Key, key, keyKind } from '../../../base/key';
import { checkArgument, refuseExtra } from '../../../base/options';
import { philox } from '../../../base/philox';
import { checkShape, type Shape } from '../../../base/shape';
import { compute } from '../../op';
import type { Tensor } from '../../tensor';
import { fromArray, lengthKind } from '../create';
import { bernoulli } from './bernoulli';
import { categorical } from './categorical';
import { integers } from './integers';

function sample(kind: Extract<Distribution, string>): (key: Key, shape: Shape) => Tensor {
  const name = `random.${kind}`;
  return function (from, shape) {
    if (arguments.length > 2) refuseExtra(name, arguments, 2);
    checkArgument(name, 'key', keyKind, from);
    checkShape(name, shape);
    return compute(name, [], shape, (backend) => backend.random(kind, from, shape));
  };
}

/**
 * Random tensors as pure functions of a key: the same key gives the same numbers in every run and on every
 * backend. Derive a key for each purpose with `fold`.
 */
export const random = {
  /** The root key of a seed, a whole number. */
  key,
  /** A key derived from another one and a path of parts: `fold(root, 'dropout', step)`. */
  fold,
  /** Mean 0, variance 1. */
  normal: sample('normal'),
  /** Uniform numbers in [0, 1). */
  uniform: sample('uniform'),
  /** ±1 with equal chances. */
  rademacher: sample('rademacher'),
  /** int32 numbers in [low, high), with equal chances. */
  integers,
  /** int32 ones with a given chance, and zeros. */
  bernoulli,
  /** An id for each row of logits, drawn from its softmax. */
  categorical,
  /** A random order of 0 … n − 1, int32 (Fisher and Yates). */
  permutation(from: Key, n: number): Tensor {
    if (arguments.length > 2) refuseExtra('random.permutation', arguments, 2);
    checkArgument('random.permutation', 'key', keyKind, from);
    checkArgument('random.permutation', 'n', lengthKind, n);
    return fromArray(permute(from, n), [n]);
  },
};

/** The first `count` entries of a random order of 0 … n − 1, as numbers. */
export function permute(from: Key, n: number, count = n): Int32Array {
  const order = new Int32Array(n);
  shuffle(order, from, count);
  return order.subarray(0, count);
}

/** The same in an array of n numbers that the caller has: those behind the first `count` are in some order. */
export function shuffle(order: Int32Array, from: Key, count: number): void {
  const n = order.length;
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = 0; i < count; i++) {
    philox(from, i, 0, 0, permutationStream, words);
    const j = i + Math.floor(unitOf(words) * (n - i)); // the bias of the rounding is below n·2^−53
    const chosen = order[j] as number;
    order[j] = order[i] as number;
    order[i] = chosen;
  }
}

/** 53 random bits of the first two words as a number in [0, 1). Times a whole number it stays below that, rounding included. */
export function unitOf(words: Uint32Array): number {
  return ((words[0] as number) * 2 ** 21 + ((words[1] as number) >>> 11)) * 2 ** -53;
}

const words = new Uint32Array(4);

/** Keeps permutations apart from the streams of the distributions. */
const permutationStream = 2;
