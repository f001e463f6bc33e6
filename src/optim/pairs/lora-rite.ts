import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { eigh } from '../../tensor/linalg/eigh';
import { qr } from '../../tensor/linalg/qr';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { greater } from '../../tensor/ops/elementwise/compare';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum, minimum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { sub } from '../../tensor/ops/elementwise/sub';
import { where } from '../../tensor/ops/elementwise/where';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import { max } from '../../tensor/ops/reductions/max';
import { sum } from '../../tensor/ops/reductions/sum';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import type { Params, Tensor } from '../../tensor/tensor';
import { chain } from '../combinators/chain';
import { identity } from '../combinators/identity';
import { factorPairs } from '../factor-pairs';
import { leafOf } from '../leaf';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { scaleByAdam } from '../parts/scale-by-adam';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { rate } from '../schedules';
import { type GradientTransform, transform } from '../transform';
import { balancePairs } from './balance-pairs';
import { beside } from './beside';
import { pseudoInverse } from './inverses';

const limit = number({ low: Number.MIN_VALUE, high: Infinity });

const coreOptions = {
  /** Decay of the mean, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean square, β2 (default 0.999). */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
  /** ε, added to the root (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
  /** s of the adapters, α/r: W + s·B·A (default 1, which leaves it to the learning rate). */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
  /** A factor whose gradient has a larger root mean square than this gets none in the step; Infinity for never (default 1). */
  skip: optional(limit, 1),
  /** Largest joint norm of the gradients of all factors; Infinity for none (default 1). */
  clip: optional(limit, 1),
  /** Largest root mean square of a step of a factor before the learning rate; Infinity for none (default). */
  cap: optional(limit, Infinity),
  /** Add what the mean square loses when it is carried to a new basis back to its eigenvalues (default false). */
  escape: optional(boolean, false),
};

const loraRiteOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  ...coreOptions,
  /** Decoupled weight decay, multiplied by the learning rate (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  /** Give both factors one norm after each step, which leaves their product as it is (default false). */
  balance: optional(boolean, false),
};

/** The options of LoRA-RITE. */
export interface LoraRiteOptions extends OptionsOf<typeof loraRiteOptions> {}

/**
 * The state of the part of LoRA-RITE that moves the factors: for each factor [d, r], Aᵀ or B, by path, where the other one
 * has k = min(r, its length) basis vectors.
 */
export interface RiteState extends RiteLeaf<Params> {
  /** Steps so far. */
  readonly step: number;
}

/** What is kept for a factor, or for each. */
interface RiteLeaf<T> {
  /** M [d, k], mean of the preconditioned gradients. */
  readonly mean: T;
  /** V [k, k], mean of gᵀg/d. */
  readonly square: T;
  /** Orthonormal basis of the other factor at the last step, in which both are. */
  readonly basis: T;
  /** ρ, what V has lost on the way; only with `escape`. */
  readonly escape?: T;
}

/**
 * LoRA-RITE: Adam in a basis that does not depend on how W = s·B·A is factored, so that (B, A) and (B·T, T⁻¹·A) move W
 * alike. For A, with Aᵀ in the place of B and the other way round for B:
 *
 *     B = U·R        g = (∇A)ᵀ·R⁺/s = Gᵀ·U     skipped where too large, all clipped to one joint norm
 *     P = Uᵀ·U_old   V ← β2′·P·V·Pᵀ + (1 − β2′)·gᵀg/d          M ← β1′·M·Pᵀ + (1 − β1′)·g·V^(−½)
 *     Aᵀ ← Aᵀ − η·(M·R⁻ᵀ/s + decay·Aᵀ)                         β′ = β·(1 − β^t)/(1 − β^(t + 1)) for t = 0, 1, …
 *
 * State of a pair A [r, m], B [n, r]: 2·r·(n + m) + 2·r² floats. Parameters that are no factor of a pair that is trained
 * whole get AdamW. Pitfalls: both factors step from where the other one was before; at B = 0 the first step moves B alone;
 * QR in every step. `skip` and `clip` measure the gradient of W, so the default of 1 may bind long.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Yen et al., "LoRA done RITE: robust invariant transformation equilibration for LoRA optimization", ICLR 2025,
 * arXiv 2410.20625.
 */
export function loraRite(options: LoraRiteOptions) {
  if (arguments.length > 1) refuseExtra('loraRite', arguments, 1);
  const { learningRate, weightDecay, balance, ...core } = readOptions('loraRite', loraRiteOptions, options);
  const { beta1, beta2 } = core;
  return chain(
    beside('loraRite', scaleByRite(core), scaleByAdam({ beta1, beta2 })),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
    balance ? balancePairs : identity,
  );
}

type Core = { readonly [Name in keyof typeof coreOptions]: NonNullable<(typeof coreOptions)[Name]['otherwise']> };

/** One factor in a step, as [d, r]. */
interface Side {
  readonly path: string;
  /** It is A, which is kept as [r, d]. */
  readonly flip: boolean;
  /** The gradient in the other factor's basis [d, k]. */
  readonly g: Tensor;
  /** U of the other factor. */
  readonly basis: Tensor;
  /** R⁺ of the other factor [r, k]. */
  readonly inverse: Tensor;
}

/** All of LoRA-RITE but decay and learning rate. */
function scaleByRite({ beta1, beta2, epsilon, scale, skip, clip, cap, ...core }: Core): GradientTransform<RiteState> {
  const name = 'loraRite';
  const calm = (g: Tensor): Tensor => where(greater(rms(g), skip), 0, g);

  const sideOf = (grads: Params, path: string, flip: boolean, other: Tensor): Side[] => {
    const gradient = grads[path];
    if (!gradient) return [];
    const { q: basis, r } = qr(other);
    const inverse = pseudoInverse(r);
    const g = mul(matmul(flip ? transpose(gradient) : gradient, inverse), 1 / scale);
    return [{ path, flip, g: calm(g), basis, inverse }];
  };
  const sidesOf = (grads: Params, params: Params): Side[] =>
    factorPairs(params).flatMap(({ A, B }) => [
      ...sideOf(grads, A, true, leafOf(name, params, B)),
      ...sideOf(grads, B, false, transpose(leafOf(name, params, A))),
    ]);

  /** The state of one side after a gradient; t counts from 0. */
  const moved = ({ g, basis }: Side, before: RiteLeaf<Tensor>, t: number): RiteLeaf<Tensor> => {
    const [b1, b2] = [selfDebiasing(beta1, t), selfDebiasing(beta2, t)];
    const carry = matmul(basis, before.basis, { transposeA: true }); // P
    const carried = matmul(matmul(carry, before.square), carry, { transposeB: true });
    const gram = matmul(g, g, { transposeA: true });
    const square = axpby(b2, carried, (1 - b2) / (g.shape[0] as number), gram);
    const mass = before.escape && mul(add(lostMass(before.square, carried), before.escape), b2);
    const { values, vectors } = eigh(square);
    const roots = add(sqrt(maximum(mass ? add(values, mass) : values, 0)), epsilon); // rounding may leave one below 0
    const u = matmul(div(matmul(g, vectors), roots), vectors, { transposeB: true }); // g·V^(−½)
    const mean = axpby(b1, matmul(before.mean, carry, { transposeB: true }), 1 - b1, u);
    return { mean, square, basis, ...(mass && { escape: mass }) };
  };
  const step = (mean: Tensor, { flip, inverse }: Side): Tensor => {
    const capped = div(mean, maximum(div(rms(mean), cap), 1));
    const back = mul(matmul(capped, inverse, { transposeB: true }), 1 / scale); // M·R⁻ᵀ
    return flip ? transpose(back) : back;
  };

  return transform<RiteState>({
    name,
    init(params) {
      const fresh = (d: number, other: number, r: number): RiteLeaf<Tensor> => {
        const k = Math.min(r, other);
        const moments = { mean: zeros([d, k]), square: zeros([k, k]), basis: zeros([other, k]) };
        return { ...moments, ...(core.escape && { escape: zeros([]) }) };
      };
      const leaves = factorPairs(params).flatMap(({ A, B }) => {
        const [r, m] = leafOf(name, params, A).shape as [number, number];
        const n = leafOf(name, params, B).shape[0] as number;
        return [[A, fresh(m, n, r)] as const, [B, fresh(n, m, r)] as const];
      });
      return { step: 0, ...byField(leaves) };
    },
    update(grads, state, params) {
      const sides = sidesOf(grads, params);
      const norm = sqrt(sides.map(({ g }) => sumSquares(g)).reduce((total, x) => add(total, x)));
      const excess = maximum(div(norm, clip), 1);
      const after = sides.map((side): [Side, RiteLeaf<Tensor>] => {
        const clipped = { ...side, g: div(side.g, excess) };
        return [side, moved(clipped, leafAt(state, side.path), state.step)];
      });
      const next = byField(after.map(([{ path }, leaf]) => [path, leaf]));
      return [
        Object.fromEntries(after.map(([side, { mean }]) => [side.path, step(mean, side)])),
        {
          step: state.step + 1,
          mean: { ...state.mean, ...next.mean },
          square: { ...state.square, ...next.square },
          basis: { ...state.basis, ...next.basis },
          ...(state.escape && { escape: { ...state.escape, ...next.escape } }),
        },
      ];
    },
  });
}

/** Records by path of what is kept for each. */
function byField(leaves: readonly (readonly [string, RiteLeaf<Tensor>])[]): RiteLeaf<Params> {
  const field = (of: (leaf: RiteLeaf<Tensor>) => Tensor): Params =>
    Object.fromEntries(leaves.map(([path, leaf]) => [path, of(leaf)]));
  return {
    mean: field(({ mean }) => mean),
    square: field(({ square }) => square),
    basis: field(({ basis }) => basis),
    ...(leaves[0]?.[1].escape && { escape: field(({ escape: mass }) => mass as Tensor) }),
  };
}

function leafAt({ mean, square, basis, escape: mass }: RiteState, path: string): RiteLeaf<Tensor> {
  const of = (record: Params): Tensor => leafOf('loraRite', record, path);
  return { mean: of(mean), square: of(square), basis: of(basis), ...(mass && { escape: of(mass) }) };
}

/** β·(1 − β^t)/(1 − β^(t + 1)), whose mean needs no correction for its start from zero. */
const selfDebiasing = (beta: number, t: number): number => (beta * (1 - beta ** t)) / (1 - beta ** (t + 1));

const rms = (x: Tensor): Tensor => sqrt(mul(sumSquares(x), 1 / x.size));

/** What the spectrum of a mean square has lost on the way: the most that an eigenvalue fell by, or the trace, if less. */
function lostMass(before: Tensor, after: Tensor): Tensor {
  const [from, to] = [eigh(before).values, eigh(after).values];
  return maximum(minimum(max(sub(from, to)), sub(sum(from), sum(to))), 0);
}
