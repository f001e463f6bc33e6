import { fold, type Key, key, seedKind } from '../base/key';
import {
  callable,
  either,
  kindOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../base/options';
import type { Shape } from '../base/shape';
import { chain } from '../optim/combinators/chain';
import { masked } from '../optim/combinators/masked';
import { type Filter, filterKind, passes } from '../optim/filter';
import { addDecayedWeights } from '../optim/parts/add-decayed-weights';
import { scaleByLearningRate } from '../optim/parts/scale-by-learning-rate';
import { rate } from '../optim/schedules';
import { mapParams } from '../optim/transform';
import { axpby } from '../tensor/ops/elementwise/axpby';
import { mul } from '../tensor/ops/elementwise/mul';
import { sub } from '../tensor/ops/elementwise/sub';
import { matmul } from '../tensor/ops/products/matmul';
import { random } from '../tensor/ops/random/random';
import type { Params, Tensor } from '../tensor/tensor';
import { type Directions, type FactorMomentumState, factorMomentum } from './factor-momentum';
import type { Gradients } from './trainer-gradients';

const interval = either(
  whole({ low: 1 }),
  kindOf<number>('Infinity for never', (value) => value === Infinity),
);

const lozoOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  /** r, columns of U and V (default 2). */
  rank: optional(whole({ low: 1 }), 2),
  /** ν: steps between new V, Infinity for never (default 50). */
  refreshEvery: optional(interval, 50),
  /** ε, how far along a direction the loss is evaluated, to both sides (default 1e-3). */
  epsilon: optional(number({ low: Number.MIN_VALUE }), 1e-3),
  /** β of LOZO-M, the momentum of U; 0 (default) is LOZO. */
  beta: optional(number({ low: 0, high: 1 }), 0),
  /** Factor of the estimates of matrices: 1 (default) is the published r-fold gradient, 1/r is unbiased. */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
  /** Decoupled weight decay of matrices, before the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  /** Which parameters have directions of rank r (default: matrices); others have dense ones. */
  filter: optional(filterKind),
  /**
   * What U, V and dense directions are drawn from, of mean 0 and variance 1 (default `random.normal`). U of a step has the
   * key `random.fold(random.key(seed), path, 'U', step)`, V of a window of ν steps `fold(…, 'V', window)`, and a dense
   * direction `fold(…, 'z', step)`.
   */
  draw: optional(
    callable<(key: Key, shape: Shape) => Tensor>('of a key and a shape that returns a tensor'),
    random.normal,
  ),
  /** What all directions are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** The options of LOZO. */
export interface LozoOptions extends OptionsOf<typeof lozoOptions> {}

/** The state of `lozo`: of its momentum, its decay and its learning rate. */
export type LozoState = ReturnType<ReturnType<typeof lozo>['transform']['init']>;

/**
 * LOZO: gradients of rank r from two values of the loss, without a derivative. Both parts go into one trainer.
 *
 *     every ν steps   a new V [m, r]              in every step   a new U [n, r]
 *     ĝ = (L(W + ε·U·Vᵀ) − L(W − ε·U·Vᵀ))/(2ε)
 *     LOZO            W ← W − η·(ĝ·U·Vᵀ + decay·W)
 *     LOZO-M          M ← β·M + (1 − β)·ĝ·U, the first time M ← ĝ·U        W ← W − η·(M·Vᵀ + decay·W)
 *                     with a new V first M ← M·V_oldᵀ·V/m
 *
 * All parameters move at once and share ĝ; vectors have dense directions, as MeZO has for everything. E[ĝ·U·Vᵀ] = r·G: a
 * `scale` of 1/r makes the estimate unbiased, the published code leaves it to the learning rate. State of a weight [n, m]:
 * nothing, with momentum r·n floats; U and V come out of their keys. Pitfalls: the loss of a step is L(W + ε·U·Vᵀ); in
 * float32 ε below 1e-3 drowns in the rounding of the loss. The published code draws U where V was read in steps with a
 * new V, so its ĝ belongs to another direction there; here U and V have streams of their own.
 * @throws OptionError `options/…`
 * @see "Enhancing zeroth-order fine-tuning for language models with low-rank structures", arXiv 2410.07698, Algorithms 1, 2.
 * @example
 * const model = new Linear(4, 3, { key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const training = trainer({ model, loss, seed: 0, ...lozo({ learningRate: 0.01 }) });
 * training.step(ones([2, 4]));
 * console.log(training.steps); // prints 1
 */
export function lozo(options: LozoOptions) {
  if (arguments.length > 1) refuseExtra('lozo', arguments, 1);
  const { learningRate, rank, refreshEvery, epsilon, beta, scale, weightDecay, filter, draw, seed } = readOptions(
    'lozo',
    lozoOptions,
    options,
  );
  const ofRank: Filter = filter ?? ((_, { ndim }) => ndim === 2 || 'not a matrix');
  const isFactored = (path: string, x: Tensor): boolean => passes(ofRank, path, x);
  const root = key(seed);
  const directions: Directions = {
    rank,
    window: (step) => Math.floor(step / refreshEvery),
    U: (path, [n = 1], step) => draw(fold(root, path, 'U', step), [n, rank]),
    V: (path, [, m = 1], window) => draw(fold(root, path, 'V', window), [m, rank]),
  };
  /** U·Vᵀ, or a dense direction. */
  const directionOf = (x: Tensor, path: string, step: number): Tensor => {
    if (!isFactored(path, x)) return draw(fold(root, path, 'z', step), x.shape);
    const V = directions.V(path, x.shape, directions.window(step));
    return matmul(directions.U(path, x.shape, step), V, { transposeB: true });
  };

  const transform = chain(
    factorMomentum({ beta, directions, isFactored }),
    masked(addDecayedWeights(weightDecay), isFactored),
    scaleByLearningRate(learningRate),
  );

  const gradients: Gradients<readonly [FactorMomentumState, ...unknown[]]> = (evaluate, parameters, { state }) => {
    const [{ step }] = state;
    // A direction is drawn again for each use, so that no more than one moved copy of the parameters is alive.
    const moved = (by: number): Params =>
      mapParams(parameters, (x, path) => axpby(1, x, by, directionOf(x, path, step)));
    const valueAt = (by: number): Tensor => evaluate({ at: moved(by), grads: false }).value;
    const slope = mul(sub(valueAt(epsilon), valueAt(-epsilon)), 1 / (2 * epsilon)); // ĝ
    return mapParams(parameters, (x, path) => {
      const direction = mul(directionOf(x, path, step), slope);
      return isFactored(path, x) ? mul(direction, scale) : direction;
    });
  };
  return {
    /** Steps along the directions of its gradients. */
    transform,
    /** Two values of the loss for each step. */
    gradients,
  };
}
