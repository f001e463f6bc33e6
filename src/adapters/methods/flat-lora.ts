import { number, optional, readOptionsOf, refuseExtra, required, type SpecificationOf } from '../../base/options';
import type { Module } from '../../nn/module';
import { extent } from '../../nn/options';
import { observedAround } from '../../optim/observed-around';
import { type GradientTransform, transform, transformKind } from '../../optim/transform';
import { zeros } from '../../tensor/ops/create';
import { sub } from '../../tensor/ops/elementwise/sub';
import type { AdapterReport } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import { notAMatrix } from '../matrix-layers';
import { parameterOf } from '../parameter-of';
import { parameterPath } from '../sites';
import { firstFactors, initKind } from '../starts/first-factors';
import { FlatLinear } from './flat-linear';
import { type LoraOptions, loraOptionsWithoutInit } from './lora';

/** LoRA's options, the noise, and the optimizer. */
export interface FlatLoraOptions<S> extends Omit<LoraOptions, 'mask' | 'rank'> {
  /** r (default 8). */
  readonly rank?: number | undefined;
  /** The optimizer of the factors, from gradients to updates. */
  readonly inner: GradientTransform<S>;
  /** Optimizer steps until the noise has its full size: those of the training. */
  readonly steps: number;
  /** ρ: at full size the expected norm of a row of noise is ρ times that of the row of the weight (default 0.05). */
  readonly rho?: number | undefined;
}

const flatLoraOptions = {
  ...loraOptionsWithoutInit,
  rank: optional(extent, 8),
  init: optional(initKind, 'kaiming'),
  inner: required(transformKind),
  steps: required(extent),
  rho: optional(number({ low: 0 }), 0.05),
} satisfies SpecificationOf<FlatLoraOptions<unknown>>;

/** The state of `flatLora`'s transform. */
export interface FlatLoraState<S> {
  /** Optimizer steps so far, of which φ is a function. */
  readonly step: number;
  /** State of the inner transform. */
  readonly inner: S;
}

/** What attaching has done, and the optimizer that goes with it. */
export interface FlatLora<S> extends AdapterReport {
  /** For a trainer of this model. */
  readonly transform: GradientTransform<FlatLoraState<S>>;
}

/**
 * Flat-LoRA: LoRA that is trained on the loss under random noise in the whole weight, so that it ends where the loss is flat
 * around the merged weight, without the second gradient that such methods usually take:
 *
 *     y = x·(W + E + s·B·A)ᵀ + b      E_ij ~ N(0, σ_i²)      σ_i = φ·ρ·‖(W + s·B·A)_i‖/√in      φ = ½·(1 − cos(π·step/steps))
 *
 * In each pass that gets a key, and in no other, E is drawn from it; the gradients of A and B are those of LoRA at the weight
 * with E. The mean over E is the gradient of the loss that is smoothed by E, with σ as a constant. W is never written to: E is added in the
 * forward expression, generated inside the product and again in the backward pass, and the tape keeps [out] numbers of it.
 *
 * φ is the frozen parameter '….lora.strength', of which the transform returns updates. A step is counted where `inner` returns an update, so
 * φ and σ stay within an accumulation cycle, as in the published code; that holds E too, where here each pass draws its own.
 * A merge takes in s·B·A alone.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError `adapter/params` from the transform, where it does not get all parameters of the model
 * @see Li et al., "Flat-LoRA: low-rank adaptation over a flat loss landscape", arXiv 2409.14396.
 * @example
 * const model = new MLP({ sizes: [16, 16], key: random.key(0) });
 * const { transform } = flatLora(model, { rank: 2, steps: 20, inner: adam({ learningRate: 0.01 }) });
 * const loss = (x: Tensor, { key }: { key: Key }) => mean(square(model.forward(x, { key })));
 * const training = trainer({ model, transform, loss, seed: 0 });
 * for (let step = 0; step < 10; step++) training.step(ones([4, 16]));
 * console.log((await model.parameters()['layers.0.lora.strength']?.item())?.toFixed(2)); // prints 0.50
 */
export function flatLora<S>(model: Module, options: FlatLoraOptions<S>): FlatLora<S> {
  if (arguments.length > 2) refuseExtra('flatLora', arguments, 2);
  const read = readOptionsOf<FlatLoraOptions<S>, typeof flatLoraOptions>('flatLora', flatLoraOptions, options);
  const { inner, steps, ...settings } = read;
  const { rho, dropout, init, freezeA } = settings;
  const report = attachLowRank('flatLora', model, { ...settings, settings }, (site, layer) => {
    const refusal = notAMatrix(layer);
    if (refusal !== null) return refusal;
    const { shift, A, B } = firstFactors('flatLora', init, layer, site);
    const adapter = new FlatLinear({ A, B, strength: zeros([]) }, site.scale, dropout, rho);
    if (freezeA) adapter.freeze('A');
    return { adapter, shift };
  });
  const strengths = report.adapted.map(({ path }) => parameterPath(path, 'lora.strength'));
  return { ...describedLowRank(report), transform: withStrength(inner, strengths, steps) };
}

/** `inner`, and the φ of the next step for every adapter. */
function withStrength<S>(
  inner: GradientTransform<S>,
  strengths: readonly string[],
  steps: number,
): GradientTransform<FlatLoraState<S>> {
  return transform<FlatLoraState<S>>({
    name: `flatLora(${inner.name ?? 'transform'})`,
    init: (params) => ({ step: 0, inner: inner.init(params) }),
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => withStrength(seen, strengths, steps)),
    update(grads, state, params) {
      const [updates, next] = inner.update(grads, state.inner, params);
      if (Object.keys(updates).length === 0) return [updates, { ...state, inner: next }];
      const step = state.step + 1;
      const phi = (1 - Math.cos(Math.PI * Math.min(step / steps, 1))) / 2;
      const raised = strengths.map((path) => [path, sub(phi, parameterOf('flatLora', params, path))]);
      return [
        { ...updates, ...Object.fromEntries(raised) },
        { step, inner: next },
      ];
    },
  });
}
