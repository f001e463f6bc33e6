import { describe, expect, it } from 'vitest';
import { type CoapProjection, coapProjector, misfit } from '../../../../src/compress/methods/coap-projector';
import {
  type AdamState,
  coap,
  eye,
  type Projector,
  projectors,
  random,
  type StoredProjection,
  stateBytes,
  type Tensor,
  tensor,
  zeros,
} from '../../../../src/index';
import { followMatrix, type Matrix, matrix, recordedRuns } from '../../../methods/replay';
import { makeCoap } from '../../../methods/replays/coap';

const normal = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const largest = (x: Tensor): number => Math.max(...Array.from(x.dataSync(), Math.abs));
const squares = (x: Tensor): number => Math.hypot(...x.dataSync()) ** 2;
/** AᵀA, which no sign or turn of the basis changes. */
const spanned = (a: Tensor): Tensor => a.transpose().matmul(a);

/** J in float64, from its definition: entries are read one by one, with none of the products that the library makes. */
function lossOf({ side, shape: [n, m], rank }: StoredProjection, A: ArrayLike<number>, G: Tensor, M: Tensor): number {
  const [g, moment, d] = [G.dataSync(), M.dataSync(), side === 'left' ? n : m];
  const over = (count: number, term: (k: number) => number): number => {
    let total = 0;
    for (let k = 0; k < count; k++) total += term(k);
    return total;
  };
  const a = (k: number, j: number): number => A[k * d + j] as number;
  const at = (i: number, j: number): number => g[i * m + j] as number;
  const down = (k: number, i: number, j: number): number =>
    side === 'left' ? over(n, (l) => a(k, l) * at(l, j)) : over(m, (l) => a(k, l) * at(i, l));
  const up = (of: (k: number) => number, i: number, j: number): number =>
    over(rank, (k) => of(k) * a(k, side === 'left' ? i : j));
  const momentum = (k: number, i: number, j: number): number =>
    moment[side === 'left' ? k * m + j : i * rank + k] as number;
  const cell = <T>(f: (i: number, j: number) => T): T[][] =>
    Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => f(i, j)));
  const lifted = cell((i, j) => up((k) => momentum(k, i, j), i, j));
  const missed = cell((i, j) => (up((k) => down(k, i, j), i, j) - at(i, j)) ** 2);
  const cosines = lifted.map((x, i) => {
    const row = (j: number): number => at(i, j);
    return over(m, (j) => (x[j] as number) * row(j)) / Math.hypot(...x) / Math.sqrt(over(m, (j) => row(j) ** 2));
  });
  const mse = missed.flat().reduce((x, y) => x + y, 0) / (n * m);
  return mse * (1 - cosines.reduce((x, y) => x + y, 0) / n);
}

const cases = [
  ['left', [4, 6]],
  ['right', [6, 4]],
] as const;

/** A projection of rank 2 with rows that are not orthonormal, a gradient and a momentum. */
function scene([n, m]: readonly [number, number]) {
  const sample = coapProjector(100).sample(random.key(1), [n, m], 2);
  const p = { ...sample, matrix: sample.matrix.add(normal(4, [2, Math.min(n, m)]).mul(0.1)) };
  return { p, G: normal(2, [n, m]), M: normal(3, n < m ? [2, m] : [n, 2]) };
}

const context = (mean: Tensor, first = false) => ({
  key: random.key(0),
  first,
  step: 3,
  inner: { step: 3, mean: { w: mean }, square: { w: mean } } satisfies AdamState,
  turn: 1,
  path: 'w',
});
const refreshed = (
  projector: Projector<CoapProjection, AdamState>,
  p: CoapProjection,
  G: Tensor,
  M: Tensor,
  first = false,
) => projector.refresh?.(p, G, context(M, first)) ?? expect.fail('no refresh');

describe('COAP, the descent', () => {
  it.each(cases)('has the gradient of J, by finite differences: %s', (_, shape) => {
    const { p, G, M } = scene(shape);
    const { value, gradient } = misfit(p, G, M);
    const A = Float64Array.from(p.matrix.dataSync());
    expect(value.dataSync()[0]).toBeCloseTo(lossOf(p, A, G, M), 5);
    const h = 1e-4;
    const slopes = A.map((_, k) => {
      const shifted = (by: number) => A.map((x, j) => (j === k ? x + by : x));
      const moved = (by: number) => lossOf(p, shifted(by), G, M);
      return (moved(h) - moved(-h)) / (2 * h);
    });
    expect(largest(gradient.sub(tensor(Array.from(slopes), { shape: p.matrix.shape as number[] })))).toBeLessThan(2e-6);
  });

  it.each(cases)('goes down J, by 0.1 along a gradient of at most the norm 1: %s', (_, shape) => {
    for (const size of [1, 10]) {
      const { p, G: unit, M } = scene(shape);
      const G = unit.mul(size);
      const next = refreshed(coapProjector(100), p, G, M);
      expect(lossOf(p, next.matrix.dataSync(), G, M)).toBeLessThan(lossOf(p, p.matrix.dataSync(), G, M));
      const moved = Math.sqrt(squares(next.matrix.sub(p.matrix)));
      const steepness = Math.sqrt(squares(misfit(p, G, M).gradient));
      expect(moved).toBeCloseTo(0.1 * Math.min(1, steepness), 5);
    }
  });

  it('stays finite for a gradient or a momentum of zeros', () => {
    const { p, G, M } = scene([4, 6]);
    for (const next of [
      refreshed(coapProjector(9), p, zeros([4, 6]), M),
      refreshed(coapProjector(9), p, G, zeros([2, 6])),
    ])
      expect(Number.isFinite(largest(next.matrix))).toBe(true);
  });
});

describe('COAP, the new projection', () => {
  it.each(cases)('has orthonormal rows and keeps at least as much of the gradient as the old span: %s', (_, shape) => {
    const { p, G, M } = scene(shape);
    const next = refreshed(coapProjector(1), p, G, M);
    expect(largest(next.matrix.matmul(next.matrix, { transposeB: true }).sub(eye(2)))).toBeLessThan(1e-6);
    const kept = (a: Tensor) => squares(projectors.svd.down({ ...p, matrix: a }, G));
    const inSpan =
      shape[0] < shape[1] ? p.matrix.transpose().matmul(normal(7, [2, 6])) : normal(7, [6, 2]).matmul(p.matrix);
    const orthonormal = projectors.svd.refresh?.(p, inSpan, context(M));
    const before = orthonormal?.matrix ?? expect.fail('no projection');
    expect(largest(spanned(before).matmul(p.matrix.transpose()).sub(p.matrix.transpose()))).toBeLessThan(1e-5);
    expect(kept(next.matrix)).toBeGreaterThan(kept(before));
  });

  it('comes at every third change if told to, and the first from the seed', () => {
    const { p, G, M } = scene([4, 6]);
    const projector = coapProjector(3);
    let at = refreshed(projector, p, G, M, true);
    const orthonormal: boolean[] = [];
    for (let t = 0; t < 7; t++) {
      orthonormal.push(largest(at.matrix.matmul(at.matrix, { transposeB: true }).sub(eye(2))) < 1e-6);
      at = refreshed(projector, at, normal(20 + t, [4, 6]), M);
    }
    expect(orthonormal).toEqual([true, false, false, true, false, false, true]);
    const first = (seed: number) =>
      refreshed(projector, projector.sample(random.key(seed), [4, 6], 2), G, M, true).matrix;
    expect(largest(spanned(first(1)).sub(spanned(first(2))))).toBeGreaterThan(1e-3);
  });
});

describe('COAP', () => {
  // The first projection is random in the record too; from there on it follows from the gradients and the momentum.
  it.each(['wide', 'wide-restore'])(
    '%s: from the first recorded projection on, its own are the recorded ones',
    (name) => {
      const one = recordedRuns('coap').find((run) => run.name === name) ?? expect.fail('no record');
      const [first, ...later] = (one.projections ?? []).map(({ step, P }) => ({
        step,
        A: matrix(P as Matrix).transpose(),
      }));
      const own = coapProjector(one.options.reproject_factor as number);
      const projector: Projector<CoapProjection, AdamState> = {
        ...own,
        refresh: (p, G, context) =>
          context.first
            ? { ...p, matrix: first?.A as Tensor }
            : refreshed(own, p, G, context.inner.mean[context.path] as Tensor),
      };
      const { states, differences, limits } = followMatrix(one, makeCoap(one, { projector }));
      const bases = states
        .slice(1)
        .map(([{ leaves }]) => (leaves.w as NonNullable<typeof leaves.w>).projection as CoapProjection)
        .map(({ matrix: A }) => A);
      for (const { step, A } of later) {
        const off = spanned(bases[step] as Tensor).sub(spanned(A));
        expect(largest(off), `at step ${step}`).toBeLessThan(2e-5);
        if (step < 6) expect(largest((bases[step] as Tensor).sub(A))).toBeLessThan(2e-6); // no SVD, so signs agree too
      }
      // Signs of singular vectors turn the sense of moments that stay as they are: weights agree up to there.
      differences.slice(0, 6).forEach((off, t) => {
        expect(off).toBeLessThan(limits[t] as number);
      });
    },
  );

  it('keeps the moments and the projection', () => {
    expect(stateBytes(coap({ learningRate: 0.1, rank: 2 }).init({ w: zeros([5, 8]) }))).toBe(4 * (2 * 2 * 8 + 2 * 5));
  });
});
