import { describe, expect, it } from 'vitest';
import {
  add,
  type Evaluate,
  linalg,
  lozo,
  mul,
  type Params,
  random,
  square,
  stateBytes,
  sub,
  sum,
  type Tensor,
  tensor,
  trainer,
  zeros,
} from '../../../src/index';
import { matrix, recordedRuns, unit } from '../../methods/replay';
import { type LozoStep, lozoRun, recordedLozo } from '../../methods/replays/lozo';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);

type Method = ReturnType<typeof lozo>;

/** The estimates of one step at these parameters, by path. */
function estimatesOf(method: Method, params: Params, loss: (at: Params) => Tensor, step = 0): Record<string, number[]> {
  const [momentum, ...rest] = method.transform.init(params);
  const state = [{ ...momentum, step }, ...rest] as const;
  const evaluate: Evaluate = ({ at = {} } = {}) => ({ value: loss(at), grads: {} });
  const grads = method.gradients(evaluate, params, { state, step, key: random.key(0) });
  return Object.fromEntries(Object.entries(grads).map(([path, x]) => [path, numbers(x)]));
}

describe('lozo', () => {
  const run = lozoRun(recordedRuns('lozo')[0] as ReturnType<typeof recordedRuns>[number]);

  // Where V is new its program updates along another direction than it evaluated; all other steps are ours too.
  const same = run.steps.map((step, t) => [t, step] as const).filter(([, { same_direction }]) => same_direction);
  it.each(same)('evaluates as its program does, step %i', (t, step: LozoStep) => {
    const before = run.steps[t - 1] as LozoStep;
    const target = matrix(run.target);
    const params = { weight: matrix(before.weight), bias: tensor(before.bias.data) };
    const loss = ({ weight, bias }: Params): Tensor =>
      mul(add(sum(square(sub(weight as Tensor, target))), sum(square(bias as Tensor))), 0.5);
    const found = estimatesOf(recordedLozo(run), params, loss, t);
    // Two losses of 66 squares, each with a relative error of 66 roundings at most, over 2ε.
    const limit = (66 * unit * (numbers(loss(params))[0] as number)) / run.options.eps;
    const z = step.z_update.data;
    found.bias?.forEach((x, i) => {
      expect(Math.abs(x - step.projected_grad * (z[i] as number))).toBeLessThan(limit * Math.abs(z[i] as number));
    });
    const direction = numbers(matrix(step.U_update).matmul(matrix(step.V).transpose()));
    found.weight?.forEach((x, i) => {
      const of = direction[i] as number;
      expect(Math.abs(x - step.projected_grad * of)).toBeLessThan(limit * Math.abs(of) + 1e-6);
    });
    expect(limit).toBeLessThan(0.5 * Math.abs(step.projected_grad));
    expect(Object.keys(found)).toEqual(['weight', 'bias']);
  });

  // With D = U·Vᵀ, an estimate ⟨G, D⟩·D/r of a linear loss has E⟨G, D⟩⁴ = 3·E‖G·V‖⁴ ≤ 3·(r² + 2r)·‖G‖⁴, so an entry of the
  // mean of N has a standard deviation of at most √(3·(1 + 2/r)/N)·‖G‖, and so has its part along G. The seed is fixed:
  // five deviations are no matter of luck.
  it('is unbiased with a scale of 1/r', () => {
    const values = [1, -2, 0.5, 3, 0, 1, -1, 2, 0.25, -0.5, 1.5, 1];
    const G = tensor(values).reshape([4, 3]);
    const [rank, draws, norm] = [4, 300, Math.hypot(...values)];
    const method = lozo({ learningRate: 1, rank, scale: 1 / rank, refreshEvery: 1, seed: 9 });
    const mean = new Float64Array(12);
    for (let step = 0; step < draws; step++) {
      const { w = [] } = estimatesOf(method, { w: zeros([4, 3]) }, ({ w }) => sum(mul(w as Tensor, G)), step);
      w.forEach((x, i) => {
        (mean[i] as number) += x / draws;
      });
    }
    const limit = 5 * Math.sqrt((3 * (1 + 2 / rank)) / draws);
    values.forEach((g, i) => {
      expect(Math.abs((mean[i] as number) - g)).toBeLessThan(limit * norm);
    });
    const along = values.reduce((total, g, i) => total + g * (mean[i] as number), 0) / norm ** 2;
    expect(Math.abs(along - 1)).toBeLessThan(limit);
    expect(limit).toBeLessThan(1); // an estimate of r·G would be off by 3
  });

  it('moves within r dimensions while V stays, and has others with the next V', () => {
    const w = random.normal(random.key(1), [6, 5]);
    const start = numbers(w);
    const training = trainer({
      params: { w },
      ...lozo({ learningRate: 0.01, rank: 1, refreshEvery: 3 }),
      loss: () => sum(square(w)),
      seed: 0,
    });
    // The second singular value of what has moved, against the first.
    const second = (): number => {
      const moved = tensor(numbers(w).map((x, i) => x - (start[i] as number))).reshape([6, 5]);
      const [first, next] = numbers(linalg.svd(moved, { rank: 2 }).s) as [number, number];
      return next / first;
    };
    for (let step = 0; step < 3; step++) training.step(undefined);
    expect(second()).toBeLessThan(1e-4);
    for (let step = 0; step < 3; step++) training.step(undefined);
    expect(second()).toBeGreaterThan(1e-2);
  });

  it('keeps nothing, with momentum r·n floats of a matrix and a moment of a vector', () => {
    const params = { w: zeros([6, 5]), bias: zeros([6]) };
    expect(stateBytes(lozo({ learningRate: 1 }).transform.init(params))).toBe(0);
    expect(stateBytes(lozo({ learningRate: 1, rank: 3, beta: 0.9 }).transform.init(params))).toBe(4 * (3 * 6 + 6));
  });

  it('lowers a loss that has no derivative', () => {
    const w = random.normal(random.key(2), [4, 4]);
    // Rounded to the next quarter: its derivative is 0 wherever it exists.
    const loss = (): Tensor => tensor(Math.round(4 * numbers(square(w)).reduce((a, b) => a + b, 0)) / 4);
    const training = trainer({
      params: { w },
      ...lozo({ learningRate: 2e-3, epsilon: 0.3, beta: 0.5, refreshEvery: 4 }),
      loss,
      seed: 0,
    });
    const before = loss().dataSync()[0] as number;
    for (let step = 0; step < 150; step++) training.step(undefined);
    expect(loss().dataSync()[0]).toBeLessThan(before / 4);
  });
});
