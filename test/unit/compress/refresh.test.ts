import { describe, expect, it } from 'vitest';
import {
  compress,
  ema,
  fixedSide,
  type GradientTransform,
  linalg,
  type Projection,
  type Projector,
  projectors,
  random,
  type Tensor,
  zeros,
} from '../../../src/index';

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const norm = (t: Tensor): number => Math.hypot(...numbers(t));
const relative = (a: Tensor, e: Tensor): number => norm(a.sub(e)) / norm(e);

describe('projectors that look at the gradient', () => {
  const momentum = <P extends Projection>(projector: Projector<P>) =>
    compress({ projector, rank: 2, inner: ema({ decay: 0 }), refreshEvery: 3, onRefresh: 'transfer' });

  it('are made for the first gradient, and again at each refresh', () => {
    const transform = momentum(projectors.svd);
    let state = transform.init({ w: zeros([6, 4]) });
    const matrices: string[] = [];
    for (let step = 0; step < 7; step++) {
      const w = at(step, [6, 4]);
      const [updates, next] = transform.update({ w }, state, {});
      state = next;
      const leaf = state.leaves.w;
      expect(leaf?.refreshes).toBe(Math.floor(step / 3));
      if (leaf) matrices.push(numbers(leaf.projection.matrix).join());
      const { u, s, vt } = linalg.svd(w, { rank: 2 });
      const nearest = u.mul(s).matmul(vt);
      if (step % 3 === 0) expect(relative(updates.w as Tensor, nearest)).toBeLessThan(1e-5);
      else expect(relative(updates.w as Tensor, nearest)).toBeGreaterThan(0.05);
    }
    expect(new Set(matrices).size).toBe(3);
  });

  it('keep the shapes of the state, and start on the same side as they go on', () => {
    for (const side of ['left', 'right'] as const) {
      for (const projector of [projectors.svd, projectors.topCoordinates] as Projector[]) {
        const transform = momentum(fixedSide(projector, side)) as GradientTransform<{ leaves: unknown }>;
        const before = transform.init({ w: zeros([3, 9]) });
        const after = transform.update({ w: at(1, [3, 9]) }, before, {})[1];
        const shapes = (state: unknown): string =>
          JSON.stringify(state, (_, x) => (x?.values ? { shape: x.shape } : x));
        const counted = shapes(before).replace('"step":0', '"step":1').replace('"refreshes":-1', '"refreshes":0');
        expect(shapes(after)).toBe(counted);
      }
    }
  });

  it('take a gradient of zeros', () => {
    const { coordinatesByNorm, svd, topCoordinates } = projectors;
    for (const projector of [coordinatesByNorm({ of: 'norm' }), svd, topCoordinates] as Projector[]) {
      const transform = momentum(projector);
      const [updates] = transform.update({ w: zeros([6, 4]) }, transform.init({ w: zeros([6, 4]) }), {});
      expect(numbers(updates.w as Tensor)).toEqual(new Array(24).fill(0));
    }
  });
});

describe('the projection of an older gradient', () => {
  for (const shape of [
    [9, 5],
    [5, 9],
  ]) {
    it(`has the error 1 − ‖G·Aᵀ‖²/‖G‖² for ${shape}`, () => {
      const [older, g] = [at(1, shape), at(2, shape)];
      const projector = projectors.svdOf(older);
      const p = projector.sample(random.key(0), shape, 2);
      const lifted = projector.up(p, projector.down(p, g));
      const { relativeMse } = projector.theory(5, 2, {
        values: g.dataSync(),
        shape: shape as [number, number],
        side: projector.side(shape),
      });
      expect(relative(lifted, g) ** 2).toBeCloseTo(relativeMse, 5);
      expect(norm(projector.down(p, older)) ** 2).toBeCloseTo(
        numbers(linalg.svd(older, { rank: 2 }).s).reduce((sum, s) => sum + s ** 2, 0),
        3,
      );
      expect(() => projector.sample(random.key(0), [4, 4], 2)).toThrow(/projector\/older-shape/);
    });
  }
});

describe('options of projectors', () => {
  it('are checked', () => {
    const { coordinatesWithReplacement, countSketch, sparse, twoSidedAverage, coordinatesByNorm } = projectors;
    expect(() => sparse({ sparsity: 0.5 })).toThrow(/options\/range/);
    expect(() => countSketch({ nonzeros: 1.5 })).toThrow(/options\/range/);
    expect(() => fixedSide(twoSidedAverage, 'left')).toThrow(/projector\/both-sides/);
    const wrong = coordinatesWithReplacement({ chances: [1, 0, 2] });
    expect(() => wrong.up(wrong.sample(random.key(0), [5, 3], 2), zeros([5, 2]))).toThrow(/projector\/chances/);
    expect(() => coordinatesByNorm({ of: 'norm' }).theory(3, 2)).toThrow(/projector\/no-theory/);
  });

  it('change what they say', async () => {
    const chances = [1, 2, 3];
    const g = { values: [3, 0, 0, 0, 2, 0, 0, 0, 1], shape: [3, 3] as const, side: 'right' as const };
    // Σ ‖g_j‖²/q_j = 6·(9/1 + 4/2 + 1/3), ‖G‖² = 14
    const { relativeMse } = projectors.coordinatesWithReplacement({ chances }).theory(3, 2, g);
    expect(relativeMse).toBeCloseTo((6 * (9 + 2 + 1 / 3) - 14) / (2 * 14), 12);
    // the least of all chances: ((3 + 2 + 1)² − 14)/(2·14)
    const best = projectors.coordinatesByNorm({ of: 'norm' }).theory(3, 2, g).relativeMse;
    expect(best).toBeCloseTo((36 - 14) / 28, 12);
    expect(projectors.coordinatesByNorm({ of: 'squaredNorm' }).theory(3, 2, g).relativeMse).toBeCloseTo(1, 12);
    expect(projectors.topCoordinates.theory(3, 2, g).relativeMse).toBeCloseTo(1 / 14, 12);
    expect(projectors.svd.theory(3, 1, g).relativeMse).toBeCloseTo(5 / 14, 6);
  });
});

describe('closed forms', () => {
  it('are those of the table for n = 7, d = 24, r = 6', () => {
    const g = { values: at(1, [7, 24]).dataSync(), shape: [7, 24] as const, side: 'right' as const };
    const mse = (projector: Projector, d = 24): number => projector.theory(d, 6, g).relativeMse;
    const p = projectors;
    expect(mse(p.gaussian)).toBeCloseTo(4.1667, 4);
    expect(mse(p.rademacher)).toBeCloseTo(3.8333, 4);
    expect(mse(p.sparse())).toBeCloseTo(4.1667, 4);
    expect(mse(p.sparse({ sparsity: 8 }))).toBeCloseTo(5, 4);
    expect(mse(p.countSketch())).toBeCloseTo(3.8333, 4);
    expect(mse(p.haar)).toBeCloseTo(3, 4);
    expect(mse(p.coordinates)).toBeCloseTo(3, 4);
    expect(mse(p.coordinatesWithReplacement())).toBeCloseTo(3.8333, 4);
    expect(mse(p.haarUnscaled)).toBeCloseTo(0.75, 4);
    expect(mse(p.twoSidedAverage)).toBeCloseTo(1.375, 4);
    expect(mse(p.twoSidedProduct)).toBeCloseTo(11.0556, 4);
    expect(mse(p.srht, 32)).toBeCloseTo(4.3333, 4);
    expect(mse(p.shrunkGaussian)).toBeCloseTo(25 / 31, 4);
  });
});
