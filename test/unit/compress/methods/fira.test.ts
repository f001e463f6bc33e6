import { describe, expect, it } from 'vitest';
import {
  applyUpdates,
  type FiraOptions,
  fira,
  type GradientTransform,
  galore,
  linalg,
  matmul,
  random,
  type StoredProjection,
  type Tensor,
  zeros,
} from '../../../../src/index';
import { ownSubspaceOff } from '../../../methods/own-subspace';
import { type Recorded, recordedRuns } from '../../../methods/replay';

const shape = [6, 9] as const;
const values = (x: Tensor): number[] => Array.from(x.dataSync());
const norm = (x: Tensor): number => Math.hypot(...values(x));

/** A gradient that grows fivefold in the fourth step. */
const gradient = (step: number): Tensor =>
  random.normal(random.fold(random.key(1), step), shape).mul(step >= 3 ? 5 : 1);

interface Step {
  readonly update: Tensor;
  /** P, orthonormal rows, of the step. */
  readonly p: Tensor;
}

/** The updates of some steps, with what they were projected by. */
function steps(options: Partial<FiraOptions>, count = 6): Step[] {
  const params = { w: zeros(shape) };
  const transform = fira({ learningRate: 1, rank: 2, ...options });
  let state = transform.init(params);
  return Array.from({ length: count }, (_, step) => {
    const [updates, next] = transform.update({ w: gradient(step) }, state, params);
    state = next;
    const { projection } = state[0].leaves.w as unknown as { readonly projection: StoredProjection };
    return { update: updates.w as Tensor, p: projection.matrix };
  });
}

/** What an update has outside of the subspace of a step, [6, 9] compressed on the left. */
const outside = ({ update, p }: Step): Tensor => update.sub(matmul(p, matmul(p, update), { transposeA: true }));

function trained<S>(transform: GradientTransform<S>): number[] {
  const params = { w: random.normal(random.key(2), shape) };
  let state = transform.init(params);
  for (let step = 0; step < 5; step++) {
    const [updates, next] = transform.update({ w: gradient(step) }, state, params);
    applyUpdates(params, updates);
    state = next;
  }
  return values(params.w);
}

describe('fira', () => {
  it('with α = 1 adds a rest that is orthogonal to the subspace to GaLore’s step', () => {
    const same = { learningRate: 1, rank: 2, refreshEvery: Infinity } as const;
    const [{ update, p }] = steps({ ...same, scale: 1 }, 1) as [Step];
    const transform = galore({ ...same, scale: 1 });
    const params = { w: zeros(shape) };
    const [{ w }] = transform.update({ w: gradient(0) }, transform.init(params), params);
    const rest = update.sub(w as Tensor);
    expect(norm(rest)).toBeGreaterThan(0.1 * norm(update));
    expect(norm(matmul(p, rest))).toBeLessThan(1e-5 * norm(update));
    expect(norm(update) ** 2).toBeCloseTo(norm(rest) ** 2 + norm(w as Tensor) ** 2, 3);
  });

  it('keeps the direction of each channel of the rest, and gives it the gain that Adam gave in the subspace', () => {
    const [{ update, p }] = steps({ scale: 1, beta1: 0, beta2: 0, epsilon: 0, correctBias: false }, 1) as [Step];
    // Adam without memory is the sign, so the channels of N have the norm √2.
    const C = matmul(p, gradient(0));
    const [g, c, u, back] = [gradient(0), C, update, matmul(p, C, { transposeA: true })].map(values);
    const signs = values(matmul(p, C.sign(), { transposeA: true }));
    for (let j = 0; j < 9; j++) {
      const gain = Math.SQRT2 / Math.hypot(c?.[j] as number, c?.[9 + j] as number);
      for (let i = 0; i < 6; i++) {
        const at = i * 9 + j;
        const rest = gain * ((g?.[at] as number) - (back?.[at] as number));
        expect(-(u?.[at] as number)).toBeCloseTo(rest + (signs[at] as number), 3);
      }
    }
  });

  it('takes steps of full rank', () => {
    const [{ update }] = steps({}, 1) as [Step];
    const [first, ...rest] = values(linalg.svd(update).s) as [number, ...number[]];
    expect(rest.at(-1)).toBeGreaterThan(1e-2 * first);
  });

  it('lets the rest grow by one percent a step, however the gradient grows', () => {
    // Without the correction the norms are those of the limiter itself.
    const norms = (growth: number): number[] =>
      steps({ scale: 1, growth, correctBias: false, refreshEvery: Infinity }).map((step) => norm(outside(step)));
    const ratios = (list: readonly number[]): number[] => list.slice(1).map((x, i) => x / (list[i] as number));
    expect(Math.max(...ratios(norms(1.01)))).toBeLessThan(1.01 + 1e-5);
    expect(Math.max(...ratios(norms(1.01)))).toBeGreaterThan(1.009);
    expect(Math.max(...ratios(norms(1e6)))).toBeGreaterThan(1.02);
  });

  it('is GaLore at full rank with α = 1, where there is no rest', () => {
    const same = { learningRate: 0.01, rank: 6, scale: 1, refreshEvery: 2, weightDecay: 0.1 } as const;
    const expected = trained(galore(same));
    for (const [i, w] of trained(fira(same)).entries())
      expect(Math.abs(w - (expected[i] as number))).toBeLessThan(2e-5);
  });

  it('corrects the moments for their start unless told otherwise', () => {
    // β1 = β2 = 0.5: the first correction is √0.5/0.5.
    const [corrected, raw] = [true, false].map(
      (correctBias) => (steps({ beta1: 0.5, beta2: 0.5, correctBias }, 1)[0] as Step).update,
    ) as [Tensor, Tensor];
    expect(norm(corrected) / norm(raw)).toBeCloseTo(Math.SQRT2, 5);
  });

  it('spans the subspaces of the record by its own decomposition', () => {
    const one = recordedRuns('fira').find(({ name }) => name === 'std-wide') as Recorded;
    expect(ownSubspaceOff(one)).toBeLessThan(2e-5); // the program decomposes in float32 too
  });
});
