import {
  applyUpdates,
  type Key,
  lozo,
  mul,
  type Params,
  random,
  type Shape,
  type Tensor,
  tensor,
} from '../../../src/index';
import { type Followed, type Matrix, matrix, type Recorded, type Replay, unit } from '../replay';

/** A run of LOZO: a weight and a bias, and the directions of each step. */
export interface LozoRun {
  readonly options: {
    readonly momentum: boolean;
    readonly lr: number;
    readonly interval: number;
    readonly rank: number;
    readonly eps: number;
    readonly weight_decay: number;
    readonly beta1: number;
  };
  readonly init: { readonly weight: Matrix; readonly bias: Matrix };
  readonly target: Matrix;
  readonly steps: readonly LozoStep[];
}

/** One step; where V is new, the program's update goes along another U and z than its evaluations. */
export interface LozoStep {
  readonly V: Matrix;
  readonly U_update: Matrix;
  readonly z_update: Matrix;
  readonly projected_grad: number;
  readonly same_direction: boolean;
  readonly weight: Matrix;
  readonly bias: Matrix;
}

export const lozoRun = (one: Recorded): LozoRun => one as unknown as LozoRun;

/** Our method with the recorded directions in place of random ones, by the keys that `draw` says. */
export function recordedLozo({ options, steps }: LozoRun, changed: Partial<Parameters<typeof lozo>[0]> = {}) {
  const { momentum, lr, interval, rank, eps, weight_decay, beta1 } = options;
  const drawn = new Map<string, Tensor>();
  const name = (key: Key): string => key.join();
  const root = random.key(0);
  steps.forEach(({ V, U_update, z_update }, t) => {
    drawn.set(name(random.fold(root, 'weight', 'V', Math.floor(t / interval))), matrix(V));
    drawn.set(name(random.fold(root, 'weight', 'U', t)), matrix(U_update));
    drawn.set(name(random.fold(root, 'bias', 'z', t)), matrix(z_update));
  });
  return lozo({
    learningRate: lr,
    rank,
    refreshEvery: interval,
    epsilon: eps,
    beta: momentum ? beta1 : 0,
    weightDecay: weight_decay,
    draw(key: Key, shape: Shape) {
      const found = drawn.get(name(key));
      if (found?.shape.join() !== shape.join())
        throw new Error(`no recorded direction ${shape.join(' × ')} for ${key}`);
      return found;
    },
    ...changed,
  });
}

/** The estimates that the program updates with, made of its own ĝ: where V is new, no derivative along its evaluations. */
function estimateOf({ V, U_update, z_update, projected_grad }: LozoStep): Params {
  const direction = matrix(U_update).matmul(matrix(V).transpose());
  return { weight: mul(direction, projected_grad), bias: mul(matrix(z_update), projected_grad) };
}

function follow(one: Recorded, changed: Partial<Parameters<typeof lozo>[0]> = {}): Followed {
  const run = lozoRun(one);
  const { transform } = recordedLozo(run, changed);
  const params = { weight: matrix(run.init.weight), bias: tensor(run.init.bias.data) };
  let state = transform.init(params);
  const states = [state];
  const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
  let [before, moved] = [run.init.weight.data, 0];
  const limits: number[] = [];
  const differences = run.steps.map((step, t) => {
    const [updates, next] = transform.update(estimateOf(step), state, params);
    applyUpdates(params, updates);
    state = next;
    states.push(state);
    moved += largest(step.weight.data.map((x, i) => x - (before[i] as number)));
    before = step.weight.data;
    // As limitsOf: a rounding of the weight in each step, and a chain of fewer than 64 of the updates.
    limits.push(unit * ((t + 2) * largest(step.weight.data) + 64 * moved) + 5e-9);
    const off = (x: Tensor, { data }: Matrix): number[] =>
      Array.from(x.dataSync(), (value, i) => Math.abs(value - (data[i] as number)));
    return Math.max(...off(params.weight, step.weight), ...off(params.bias, step.bias));
  });
  return { differences, limits, states };
}

export const lozoReplays: readonly Replay[] = ['lozo', 'lozo-m'].map((name) => ({
  file: 'lozo',
  name,
  follow: (one: Recorded) => follow(one),
  unlike: (one: Recorded) => follow(one, lozoRun(one).options.momentum ? { beta: 0.89 } : { weightDecay: 0.01 }),
}));
