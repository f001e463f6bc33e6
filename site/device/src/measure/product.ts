import { applyUpdates, matmul, random, scope, type Tensor, zeros } from 'floragrad';
import type { Outcome } from './outcome';
import { rates, timed, usual } from './timing';

/** A product [n, n]·[n, n] of the current device: checked, and timed if it is right. */
export async function product(n: number, now: () => number): Promise<Outcome> {
  const { a, b } = operands(n);
  const off = await deviation(n, a, b);
  if (!(off <= 1)) {
    return { kind: 'wrong', reason: `the product is off by ${off.toPrecision(2)} times what rounding can explain` };
  }
  // One number is read at the end of a sample, so that a GPU has done all of it.
  const run = async (repeats: number): Promise<void> => {
    const last = scope(() => {
      for (let i = 1; i < repeats; i++) scope(() => void matmul(a, b));
      return matmul(a, b).sum();
    });
    await last.data();
  };
  return rates(await timed(run, now, usual), (2 * n ** 3) / 1e9);
}

/** Uniform numbers in [−1, 1), the same on every device. */
function operands(n: number): { readonly a: Tensor; readonly b: Tensor } {
  const params = { a: zeros([n, n]), b: zeros([n, n]) };
  const draw = (name: string) =>
    random
      .uniform(random.fold(random.key(n), name), [n, n])
      .mul(2)
      .sub(1);
  // What is assigned stays on the device, as parameters do; other tensors would be brought there for every sample.
  applyUpdates(params, { a: draw('a'), b: draw('b') });
  return params;
}

/**
 * How far the product is off, in units of what rounding may do; right is at most 1. To compute a large one plainly would take
 * longer than all measurements, so C·v is compared with A·(B·v), for vectors v of ±1 and in float64. That takes n² operations,
 * and any number that is wrong moves its row.
 */
async function deviation(n: number, a: Tensor, b: Tensor): Promise<number> {
  const c = await scope(() => matmul(a, b)).data();
  return deviationOf(c, await a.data(), await b.data(), n);
}

/** The same for the numbers of A, B and C, all [n, n]. */
export function deviationOf(c: Numbers, a: Numbers, b: Numbers, n: number): number {
  // A number of C is a sum of n terms of size 1/3: about √n/3, and rounding is about 2⁻²⁴·√n of that. A row adds n of them up.
  const rounding = 16 * 2 ** -24 * (n / 3) * Math.sqrt(n);
  let worst = 0;
  for (const seed of [1, 2]) {
    const v = signs(n, seed);
    const expected = times(a, times(b, v, n), n);
    // `max` is NaN as soon as one number is.
    for (const [i, found] of times(c, v, n).entries())
      worst = Math.max(worst, Math.abs((expected[i] as number) - found));
  }
  return worst / rounding;
}

type Numbers = ArrayLike<number>;

function times(matrix: Numbers, v: Numbers, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (v[j] as number);
    return sum;
  });
}

/** ±1, in an order that looks random. */
function signs(n: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: n }, () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state < 2 ** 31 ? 1 : -1;
  });
}
