import { ShapeError } from '../base/errors';
import {
  boolean,
  checkArgument,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../base/options';
import { type Shape, sameShape, show, sizeOf } from '../base/shape';
import { checkTensor } from '../tensor/check';
import { tensorKind } from '../tensor/kinds';
import { onHost } from '../tensor/linalg/on-host';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import { packCodes, unpackCodes } from './maps/packed-codes';

/** Values as codes of a few bits. Plain data, which a state may hold: all that it has of the values is here. */
export interface Quantised {
  /** 32/bits codes in a word, the first one in the lowest bits; int32. */
  readonly words: Tensor;
  /** The distance of two codes of a group, [groups]. */
  readonly scales: Tensor;
  /** The code of 0 in a group, int32 [groups]. */
  readonly zeros: Tensor;
  /** Bits of a code. */
  readonly bits: number;
  /** Shape of the values. */
  readonly shape: Shape;
}

/** Bits of a code: what divides a word. */
export const bitsKind = kindOf<2 | 4 | 8>('2, 4 or 8', (value) => value === 2 || value === 4 || value === 8);
export const groupSizeKind = whole({ low: 1 });

const quantiseOptions = {
  /** Bits of a code: 2, 4 or 8 (default 8). */
  bits: optional(bitsKind, 8),
  /** Values that share a scale, one after the other (default: those of the last axis). */
  groupSize: optional(groupSizeKind),
  /** Uniform numbers in [0, 1) of the values' shape, for stochastic rounding (default: to the nearest code). */
  noise: optional(tensorKind),
  /** The rule of the published code, whose range need not include 0 (default false). */
  reference: optional(boolean, false),
};

/** The options of `quantise`. */
export interface QuantiseOptions extends OptionsOf<typeof quantiseOptions> {}

/** A range below this one counts as this one, as in the published code. */
const leastRange = Math.fround(1e-5);

/**
 * Affine quantisation: every group of values is written as whole numbers from 0 to q = 2^bits − 1.
 *
 *     min ← min(w, 0)    max ← max(w, 0)    scale = max(max − min, 1e-5)/q    zero = clip(−round(min/scale), 0, q)
 *     code = clip(round(w/scale) + zero, 0, q)             ŵ = (code − zero)·scale, off by at most scale/2
 *
 * Halves go to the even number. With `noise` the code is that above or below w/scale, above with the chance of the
 * fraction p: unbiased, with variance p(1 − p)·scale², except at the end of the range, where one of the two may be no code.
 * The published code leaves 0 out of the range of a group that does not straddle it, and then clips the zero:
 * values in [5, 6.3] come back as 1.3. `reference` does so too, for comparison with its numbers.
 * @throws ShapeError `quantise/group`, `quantise/noise`
 * @see Zhang et al., "Q-GaLore", arXiv 2407.08296, and its code.
 * @example
 * const weight = random.normal(random.key(0), [64, 64]);
 * const noise = random.uniform(random.key(1), weight.shape);
 * const quantised = quantise(weight, { bits: 4, noise });
 * console.log(quantised.words.shape, dequantise(quantised).shape); // prints [ 512 ] [ 64, 64 ]
 */
export function quantise(x: Tensor, options: QuantiseOptions = {}): Quantised {
  if (arguments.length > 2) refuseExtra('quantise', arguments, 2);
  checkTensor('quantise', x);
  const {
    bits,
    noise,
    reference,
    groupSize = x.shape.at(-1) ?? 1,
  } = readOptions('quantise', quantiseOptions, options, 'x');
  const { shape, size } = x;
  if (size === 0 || size % groupSize !== 0) throw noGroups(shape, groupSize);
  if (noise && !sameShape(noise.shape, shape)) throw otherNoise(shape, noise.shape);
  const groups = size / groupSize;
  const q = 2 ** bits - 1;
  const [scales] = onHost('quantise', [x], [[groups]], ([values]) => [
    Float32Array.from({ length: groups }, (_, i) => {
      const [low, high] = rangeOf(values as Float32Array, i * groupSize, groupSize, reference);
      return Math.max(Math.fround(high - low), leastRange) / q;
    }),
  ]) as [Tensor];
  const words = Math.ceil((size * bits) / 32);
  const inputs = noise ? [x, scales, noise] : [x, scales];
  const coded = onHost(
    'quantise',
    inputs,
    [[words], [groups]],
    ([values, steps, chances]) => {
      const zeros = new Int32Array(groups);
      const codes = new Uint8Array(size);
      for (let i = 0; i < groups; i++) {
        const scale = steps?.[i] as number;
        const [low] = rangeOf(values as Float32Array, i * groupSize, groupSize, reference);
        const zero = clip(-nearest(Math.fround(low / scale)), q);
        zeros[i] = zero;
        for (let j = i * groupSize; j < (i + 1) * groupSize; j++) {
          const u = Math.fround((values?.[j] as number) / scale);
          codes[j] = clip((chances ? above(u, chances[j] as number) : nearest(u)) + zero, q);
        }
      }
      return [packCodes(codes, bits), zeros];
    },
    'int32',
  );
  const [packed, zeros] = coded as [Tensor, Tensor];
  return { words: packed, scales, zeros, bits, shape };
}

/** ŵ = (code − zero)·scale of what `quantise` returned, in the shape of the values. */
export function dequantise(quantised: Quantised): Tensor {
  if (arguments.length > 1) refuseExtra('dequantise', arguments, 1);
  checkArgument('dequantise', 'quantised', quantisedKind, quantised);
  const { words, scales, zeros, bits, shape } = quantised;
  for (const x of [words, scales, zeros]) checkTensor('dequantise', x);
  const size = sizeOf(shape);
  const [values] = onHost('dequantise', [words, scales, zeros], [shape], ([packed, steps, offsets]) => {
    const codes = unpackCodes(packed as Int32Array, bits, size);
    const groupSize = size / scales.size;
    return [
      Float32Array.from(codes, (code, j) => {
        const group = Math.floor(j / groupSize);
        return (code - (offsets?.[group] as number)) * (steps?.[group] as number);
      }),
    ];
  });
  return values as Tensor;
}

const quantisedKind = kindOf<Quantised>('what quantise returned', (value) => {
  const { words, scales, zeros, shape } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [words, scales, zeros].every(isTensor) && Array.isArray(shape);
});

/** The least and the largest of a group, and of 0 too unless told otherwise. */
function rangeOf(values: ArrayLike<number>, from: number, count: number, reference: boolean): [number, number] {
  let [low, high] = reference ? [Infinity, -Infinity] : [0, 0];
  for (let j = from; j < from + count; j++) {
    low = Math.min(low, values[j] as number);
    high = Math.max(high, values[j] as number);
  }
  return [low, high];
}

/** The nearest whole number; of two, the even one. */
function nearest(u: number): number {
  const down = Math.floor(u);
  const part = u - down;
  if (part === 0.5) return down % 2 === 0 ? down : down + 1;
  return part < 0.5 ? down : down + 1;
}

/** ⌈u⌉ with the chance of the fraction, else ⌊u⌋, by a uniform number. */
function above(u: number, uniform: number): number {
  const down = Math.floor(u);
  return uniform < u - down ? down + 1 : down;
}

function clip(code: number, q: number): number {
  return Math.min(Math.max(code, 0), q);
}

function noGroups(shape: Shape, groupSize: number): ShapeError {
  return new ShapeError({
    code: 'quantise/group',
    got: `quantise got values ${show(shape)} for groups of ${groupSize}`,
    expected: 'a number of values that the size of a group divides',
    fix: 'use a groupSize that divides it, or none for a group in each row',
  });
}

function otherNoise(shape: Shape, noise: Shape): ShapeError {
  return new ShapeError({
    code: 'quantise/noise',
    got: `quantise got noise ${show(noise)} for values ${show(shape)}`,
    expected: 'a uniform number for each value',
    fix: 'pass random.uniform(key, x.shape)',
  });
}
