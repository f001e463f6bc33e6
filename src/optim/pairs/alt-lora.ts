import {
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  type ValuesOf,
} from '../../base/options';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { div } from '../../tensor/ops/elementwise/div';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square as squared } from '../../tensor/ops/elementwise/square';
import { clone } from '../../tensor/ops/movement/clone';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Params, Tensor } from '../../tensor/tensor';
import { type FactorPair, factorPairs } from '../factor-pairs';
import { leafOf } from '../leaf';
import { type AdamWOptions, adamw } from '../optimizers/adamw';
import { zerosLike } from '../parts/moving-mean';
import { rate, rateAt } from '../schedules';
import { type GradientTransform, transform } from '../transform';
import { type BesideState, beside, factorsFirst } from './beside';
import { dampedInverse } from './inverses';

const altLoraOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  /** Decay of the mean, β1 (default 0.999). */
  beta1: optional(number({ low: 0, high: 1 }), 0.999),
  /** λ, added to the eigenvalues of BᵀB and of AAᵀ (default 1e-3). */
  damping: optional(number({ low: 0 }), 1e-3),
  /** s of the adapters, α/r: W + s·B·A (default 1). */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
  /** Decoupled weight decay, after the step (default 1e-5). */
  weightDecay: optional(number({ low: 0 }), 1e-5),
};

/** The options of AltLoRA. */
export interface AltLoraOptions extends OptionsOf<typeof altLoraOptions> {}

const altLoraPlusOptions = {
  ...altLoraOptions,
  /** Decay of the mean square, β2 (default 0.98). */
  beta2: optional(number({ low: 0, high: 1 }), 0.98),
  /** ε, added to the root (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
};

/** The options of AltLoRA+. */
export interface AltLoraPlusOptions extends OptionsOf<typeof altLoraPlusOptions> {}

/** The state of the part of AltLoRA that moves the factors, by their paths. */
export interface AltLoraState {
  /** Steps so far. */
  readonly step: number;
  /** M, mean of the fitted gradients. */
  readonly mean: Params;
  /** V, mean of their squares; AltLoRA+ alone. */
  readonly square?: Params;
  /** By the path of A, the B of its last step, from which M is carried to the new one. */
  readonly other: Params;
}

/** A method that evaluates the loss twice in a step: both go to `trainer({ …, transform, gradients })`. */
export interface TwiceEvaluated<S> {
  /** From gradients to updates. Alone it makes do with one evaluation. */
  readonly transform: GradientTransform<S>;
  /** Takes the gradients of a step. */
  readonly gradients: (
    evaluate: (options?: { readonly at?: Params }) => { readonly grads: Params },
    parameters: Params,
    context: { readonly state: S },
  ) => Params;
}

/**
 * AltLoRA: A takes the step of W that fits the full gradient best with B fixed, then B with the new A. For W + s·B·A:
 *
 *     g = (BᵀB + λI)⁻¹·∇A/s²      M_A ← β1·(BᵀB + λI)⁻¹·BᵀB_old·M_A + (1 − β1)·g
 *     g = ∇B·(AAᵀ + λI)⁻¹/s²      M_B ← β1·M_B·A_old·Aᵀ·(AAᵀ + λI)⁻¹ + (1 − β1)·g        with the new A
 *     A ← (1 − η·decay)·(A − η·M_A/(1 − β1^t)), and B so too
 *
 * With λ = 0 a step of A is s·B·ΔA = −η·P·G for the projection P on the columns of B, and the path of W does not depend on
 * how it is factored. ∇B belongs at the new A: pass `gradients` too, and the loss is evaluated twice in a step; the
 * published code, like `transform` alone, takes both gradients at the old A.
 * State of a pair A [r, m], B [n, r]: 2·r·n + r·m floats. Parameters that are no factor of a pair that is trained whole
 * get AdamW. Pitfalls: the two halves settle the step, so nothing may change the updates after it; at B = 0 the first step
 * moves B alone; β1 = 0.999, the code's default, has a long memory for short runs.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Yu et al., "AltLoRA: towards better gradient approximation in low-rank adaptation with alternating projections",
 * arXiv 2505.12455.
 * @example
 * const model = new MLP({ sizes: [4, 4, 2], key: random.key(0) });
 * lora(model, { rank: 2, alpha: 4 });
 * const loss = (x: Tensor) => model.forward(x).square().mean();
 * const training = trainer({ model, loss, seed: 0, ...altLora({ learningRate: 0.1, scale: 4 / 2 }) });
 * training.step(ones([3, 4]));
 */
export function altLora(options: AltLoraOptions): TwiceEvaluated<BesideState<AltLoraState, ReturnType<Dense['init']>>> {
  if (arguments.length > 1) refuseExtra('altLora', arguments, 1);
  return alternating('altLora', readOptions('altLora', altLoraOptions, options));
}

/**
 * AltLoRA+: AltLoRA with Adam's second moment, element by element, of the fitted gradients g:
 *
 *     V ← β2·V + (1 − β2)·g²      step = (β1·carried M + (1 − β1)·g)/(√V + ε)/(1 − β1^t)      M ← β1·M + (1 − β1)·g
 *
 * M is carried for the step alone, and V has no bias correction. The path of W depends on how it is factored.
 * State of a pair A [r, m], B [n, r]: 3·r·n + 2·r·m floats.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Yu et al., arXiv 2505.12455, and its published code.
 */
export function altLoraPlus(
  options: AltLoraPlusOptions,
): TwiceEvaluated<BesideState<AltLoraState, ReturnType<Dense['init']>>> {
  if (arguments.length > 1) refuseExtra('altLoraPlus', arguments, 1);
  const { beta2, epsilon, ...rest } = readOptions('altLoraPlus', altLoraPlusOptions, options);
  return alternating('altLoraPlus', rest, { beta2, epsilon });
}

type Dense = ReturnType<typeof adamw>;
type Settings = ValuesOf<typeof altLoraOptions>;
interface Plus {
  readonly beta2: number;
  readonly epsilon: number;
}

function alternating(name: string, settings: Settings, plus?: Plus) {
  const { learningRate, beta1, weightDecay } = settings;
  const dense: AdamWOptions = { learningRate, beta1, weightDecay, ...(plus && { beta2: plus.beta2 }) };
  const halves = halfSteps(name, settings, plus);
  const pairs = transform<AltLoraState>({
    name,
    init(params) {
      const found = factorPairs(params);
      return {
        step: 0,
        mean: zerosLike(params),
        ...(plus && { square: zerosLike(params) }),
        other: Object.fromEntries(found.map(({ A, B }) => [A, zeros(leafOf(name, params, B).shape)])),
      };
    },
    update(grads, state, params) {
      const ofA = halves.ofA(grads, state, params);
      const made = { ...ofA, ...halves.ofB(grads, state, params, ofA) };
      const of = <Field extends keyof Half>(field: Field): Readonly<Record<string, Half[Field]>> =>
        Object.fromEntries(Object.entries(made).map(([path, half]) => [path, half[field]]));
      const others = factorPairs(params).filter(({ A }) => Object.hasOwn(ofA, A));
      return [
        of('update'),
        {
          step: state.step + 1,
          mean: { ...state.mean, ...of('mean') },
          ...(state.square && { square: { ...state.square, ...(of('square') as Params) } }),
          other: {
            ...state.other,
            ...Object.fromEntries(others.map(({ A, B }) => [A, clone(leafOf(name, params, B))])),
          },
        },
      ];
    },
  });
  const method: TwiceEvaluated<BesideState<AltLoraState, ReturnType<Dense['init']>>> = {
    transform: beside(name, pairs, adamw(dense)),
    gradients(evaluate, parameters, { state }) {
      const { grads } = evaluate();
      const [inside] = factorsFirst(grads, state.pairs);
      const ofA = halves.ofA(inside, state.pairs, factorsFirst(parameters, state.pairs)[0]);
      const at = Object.entries(ofA).map(([path, { update }]) => [path, add(leafOf(name, parameters, path), update)]);
      const [second] = factorsFirst(evaluate({ at: Object.fromEntries(at) }).grads, state.pairs);
      return { ...grads, ...second, ...Object.fromEntries(Object.keys(ofA).map((A) => [A, leafOf(name, grads, A)])) };
    },
  };
  return method;
}

/** What a half of a step makes of a factor: its update, and its moments after it. */
interface Half {
  readonly update: Tensor;
  readonly mean: Tensor;
  readonly square?: Tensor;
}

/** The two halves of a step, for all pairs of `params` whose factor has a gradient. */
function halfSteps(name: string, { learningRate, beta1, damping, scale, weightDecay }: Settings, plus?: Plus) {
  /** From a fitted gradient and the carried mean to the update of a factor, and to what is kept. */
  const moved = (path: string, g: Tensor, carried: Tensor, state: AltLoraState, params: Params): Half => {
    const eta = rateAt(learningRate, state.step);
    const mixed = axpby(beta1, carried, 1 - beta1, g);
    const square = plus && axpby(plus.beta2, leafOf(name, state.square as Params, path), 1 - plus.beta2, squared(g));
    const direction = square ? div(mixed, add(sqrt(square), plus.epsilon)) : mixed;
    const share = eta * weightDecay;
    const rate = (eta * (1 - share)) / (1 - beta1 ** (state.step + 1));
    const update = axpby(-rate, direction, -share, leafOf(name, params, path));
    return square
      ? { update, mean: axpby(beta1, leafOf(name, state.mean, path), 1 - beta1, g), square }
      : { update, mean: mixed };
  };
  const each = (
    params: Params,
    half: (pair: FactorPair) => [string, Half] | undefined,
  ): Readonly<Record<string, Half>> =>
    Object.fromEntries(factorPairs(params).flatMap((pair) => [half(pair)].filter((made) => made !== undefined)));

  return {
    ofA: (grads: Params, state: AltLoraState, params: Params) =>
      each(params, ({ A, B }) => {
        const gradient = grads[A];
        if (!gradient) return undefined;
        const up = leafOf(name, params, B);
        const inverse = dampedInverse(matmul(up, up, { transposeA: true }), damping);
        const carry = matmul(inverse, matmul(up, leafOf(name, state.other, A), { transposeA: true }));
        const g = mul(matmul(inverse, gradient), scale ** -2);
        return [A, moved(A, g, matmul(carry, leafOf(name, state.mean, A)), state, params)];
      }),
    ofB: (grads: Params, state: AltLoraState, params: Params, ofA: Readonly<Record<string, Half>>) =>
      each(params, ({ A, B }) => {
        const gradient = grads[B];
        if (!gradient) return undefined;
        const old = leafOf(name, params, A);
        const step = ofA[A];
        const down = step ? add(old, step.update) : old;
        const inverse = dampedInverse(matmul(down, down, { transposeB: true }), damping);
        const carry = matmul(matmul(old, down, { transposeB: true }), inverse);
        const g = mul(matmul(gradient, inverse), scale ** -2);
        return [B, moved(B, g, matmul(leafOf(name, state.mean, B), carry), state, params)];
      }),
  };
}
