import { fold } from '../../base/key';
import {
  checkArgument,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  whole,
} from '../../base/options';
import { initializers } from '../../nn/initializers';
import { extent } from '../../nn/options';
import { pruneTriplets, type TripletPlan, type TripletState } from '../../optim/pairs/prune-triplets';
import { type GradientTransform, transformKind } from '../../optim/transform';
import { zeros } from '../../tensor/ops/create';
import { GatedLora } from '../methods/gated-lora';
import { setPlain } from '../origin';
import type { RankPolicy } from './rank-policy';

/** The budgets of AdaLoRA, and the optimizer of its adapters. */
export interface AdaLoraOptions<S> {
  /** The optimizer of everything that is trained, from gradients to updates. */
  readonly inner: GradientTransform<S>;
  /** K, the steps of the whole training. */
  readonly steps: number;
  /** Triplets that each layer starts with (default 12). */
  readonly initialRank?: number;
  /** Triplets that a layer has in the end, the mean over layers (default 8). */
  readonly rank?: number;
  /** Steps at the start in which nothing is masked (default 0). */
  readonly warmup?: number;
  /** Steps at the end with the last budget and scores that stay as they are (default 0). */
  readonly final?: number;
  /** Between these, mask in every step whose number this divides (default 1). */
  readonly every?: number;
  /** β1, the decay of the mean of |p·∇p| (default 0.85). */
  readonly beta1?: number;
  /** β2, the decay of the mean distance from that mean (default 0.85). */
  readonly beta2?: number;
  /** λ of the penalty λ·mean over factors of ‖AAᵀ − I‖ and ‖BᵀB − I‖, whose gradient is added (default 0.5). */
  readonly orthogonality?: number;
}

const adaLoraOptions = {
  inner: required(transformKind),
  steps: required(extent),
  initialRank: optional(extent, 12),
  rank: optional(extent, 8),
  warmup: optional(whole({ low: 0 }), 0),
  final: optional(whole({ low: 0 }), 0),
  every: optional(extent, 1),
  beta1: optional(number({ low: 0, high: 1 }), 0.85),
  beta2: optional(number({ low: 0, high: 1 }), 0.85),
  orthogonality: optional(number({ low: 0 }), 0.5),
} satisfies SpecificationOf<AdaLoraOptions<unknown>>;

/** A policy that goes on choosing ranks while a model is trained, by its transform. */
export interface AdaLora<S> extends RankPolicy {
  /** For a trainer of the model that this policy has given adapters. */
  readonly transform: GradientTransform<TripletState<S>>;
  /** The budget after a step, counted from 1, of that many layers, and whether it is enforced in this step. */
  plan(step: number, layers: number): TripletPlan;
}

/**
 * AdaLoRA: adapters W + s·B·diag(g)·A whose triplets (a column of B, an element of g, a row of A) compete for one budget over
 * all layers, which shrinks in training. `lora(model, { rank: policy })` attaches them and `policy.transform` trains them.
 *
 * After a step of `inner`, k, each element p of the factors and gates gets I = |p·∇p|, its moving mean Ī, the moving mean Ū of
 * |I − Ī|, and s = Ī·Ū; a triplet scores s(g_i) + mean s(A_i) + mean s(B_i). Gates of all but the b_k best become 0:
 *
 *     b_k = b_0 up to k = warmup, ⌊(b_0 − b_K)·(1 − (k − warmup)/(K − final − warmup))³ + b_K⌋ up to K − final, then b_K
 *
 * with b_0 = initialRank·layers and b_K = rank·layers. What is at the threshold goes too. A masked triplet is trained on, and
 * comes back if it scores well at a later step; in the last `final` steps scores stay and so does the choice. `compact` takes
 * out what is masked in the end. A and B start from N(0, 0.02²) and g at 0; α is over `initialRank` for good.
 * State beside that of `inner`: two numbers for each number of an adapter.
 *
 * Pitfalls: the penalty is in the gradients, not in the loss that a trainer reports; an element whose |p·∇p| never changes
 * scores 0; with `every` above 1, gates are open again between two masks.
 * @throws OptionError `options/…`
 * @throws StateError `ada-lora/triplets` from the transform, for a model without such adapters
 * @see Zhang et al., "AdaLoRA: adaptive budget allocation for parameter-efficient fine-tuning", ICLR 2023, arXiv 2303.10512.
 * @example
 * const model = new MLP({ sizes: [8, 8, 8], key: random.key(0) });
 * const policy = adaLora({ initialRank: 4, rank: 2, steps: 20, inner: adamw({ learningRate: 0.01 }) });
 * lora(model, { rank: policy, alpha: 8 });
 * const loss = (x: Tensor) => model.forward(x).square().mean();
 * const training = trainer({ model, transform: policy.transform, loss, seed: 0 });
 * for (let step = 0; step < 20; step++) training.step(ones([4, 8]));
 * const left = await compact(model);
 * console.log(left.reduce((sum, { after }) => sum + after, 0)); // prints 68
 */
export function adaLora<S>(options: AdaLoraOptions<S>): AdaLora<S> {
  if (arguments.length > 1) refuseExtra('adaLora', arguments, 1);
  const read = readOptionsOf<AdaLoraOptions<S>, typeof adaLoraOptions>('adaLora', adaLoraOptions, options);
  const { inner, steps, initialRank, rank, warmup, final, every, beta1, beta2, orthogonality } = read;
  checkArgument('adaLora', 'rank', whole({ low: 1, high: initialRank }), rank);
  checkArgument('adaLora', 'warmup + final', whole({ low: 0, high: steps - 1 }), warmup + final);
  const last = steps - final;
  const between = (step: number, first: number, target: number): TripletPlan => {
    if (step <= warmup) return { budget: first, masks: false };
    if (step > last) return { budget: target, masks: true };
    const rest = 1 - (step - warmup) / (last - warmup);
    return { budget: Math.floor((first - target) * rest ** 3 + target), masks: step % every === 0 };
  };
  return {
    name: 'adaLora',
    ranks: (sites) => sites.map(() => ({ rank: initialRank })),
    adapter({ shape, rank: own, key, scale }, { dropout }) {
      const [outputs, inputs] = shape as readonly [number, number];
      const A = initializers.normal(fold(key, 'A'), [own, inputs], 0.02);
      const B = initializers.normal(fold(key, 'B'), [outputs, own], 0.02);
      return setPlain('sora', new GatedLora({ A, B, gate: zeros([own]) }, scale, dropout));
    },
    plan(step, layers) {
      if (arguments.length > 2) refuseExtra('adaLora.plan', arguments, 2);
      checkArgument('adaLora.plan', 'step', whole({ low: 0 }), step);
      checkArgument('adaLora.plan', 'layers', extent, layers);
      return between(step, initialRank * layers, rank * layers);
    },
    transform: pruneTriplets('adaLora', {
      inner,
      plan: (step, triplets, layers) => between(step, triplets, rank * layers),
      scored: (step) => step < last,
      decays: [beta1, beta2],
      orthogonality,
    }),
  };
}
