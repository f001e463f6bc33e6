import { StateError } from '../../base/errors';
import { seedKind } from '../../base/key';
import {
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  type ValuesOfGeneric,
  whole,
} from '../../base/options';
import type { Projection, Projector } from '../../compress/projector';
import { projectorKind } from '../../compress/projector';
import { fixedSide } from '../../compress/projectors/fixed-side';
import { gaussian } from '../../compress/projectors/gaussian';
import { Linear } from '../../nn/layers/linear';
import { type Match, type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { type GradientTransform, transform, transformKind } from '../../optim/transform';
import { ones } from '../../tensor/ops/create';
import type { Params } from '../../tensor/tensor';
import { type AdapterReport, type AttachedLayer, attach } from '../attach';
import { parameterPath } from '../sites';
import { CompActLinear } from './comp-act-linear';

/** Which layers, how far, and what runs in the compressed space. */
export interface CompActOptions<S> {
  /** r */
  readonly rank: number;
  /** From gradients to updates: of a weight it sees the compressed gradient [out, r]; of all else the gradient itself. */
  readonly inner: GradientTransform<S>;
  /** T: optimizer steps between new projections (default 200). The state of `inner` stays as it is. */
  readonly refreshEvery?: number | undefined;
  /** Which `Linear` layers, by their path; a string matches everything below it too (default: all). */
  readonly match?: Match | undefined;
  /** How gradients are projected, always on the right (default `projectors.gaussian`); not one that looks at gradients. */
  readonly projector?: Projector<Projection> | undefined;
  /** What all projections are drawn from (default 0). */
  readonly seed?: number | undefined;
}

const compActOptions = {
  rank: required(extent),
  inner: required(transformKind),
  refreshEvery: optional(whole({ low: 1 }), 200),
  match: optional(matchKind),
  projector: optional(projectorKind),
  seed: optional(seedKind, 0),
} satisfies SpecificationOf<CompActOptions<unknown>>;

/** The state of `compAct`'s transform. */
export interface CompActState<S> {
  /** Optimizer steps done. */
  readonly step: number;
  /** State of the inner transform. */
  readonly inner: S;
}

/** What attaching has done, and the optimizer that goes with it. */
export interface CompAct<S> extends AdapterReport<AttachedLayer<CompActLinear>> {
  /** For a trainer of this model. */
  readonly transform: GradientTransform<CompActState<S>>;
}

/**
 * CompAct: the backward pass of a `Linear` reads Z = X·Aᵀ [N, r] in place of its input X [N, in], and what it makes of Z is the
 * compressed gradient of Flora, without ever forming the gradient:
 *
 *     Dᵀ·Z = Dᵀ·(X·Aᵀ) = (Dᵀ·X)·Aᵀ = G·Aᵀ [out, r]        u = inner(G·Aᵀ)        W ← W + u·A
 *
 * So the steps are those of `compress` on the right side with the same seed, `inner` and `onRefresh: 'keep'`, to rounding.
 * Optimizer state: that of `inner` for [out, r]; A is drawn from its key where it is used. The gradient of the input is exact.
 * The layer gets an adapter whose C [out, r] stays 0 and whose gradient is G·Aᵀ; the weight is frozen, moved by the transform,
 * and everything else is trained as it is. Take the adapters off with `removeAdapters(model)`.
 *
 * Pitfalls: the paper saves memory by letting go of X, which the tape of this library holds all the same; what is saved here
 * is the gradient [out, in] and the product that forms it. `inner` cannot see the weight: no decay in it, nor a step by the
 * weight's size. Which A is in use is a number of the model, and the forward pass reads it.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError `comp-act/params` from the transform, where it does not get all parameters of the model
 * @see Shamshoum et al., "CompAct: compressed activations for memory-efficient LLM training", NAACL 2025, arXiv 2410.15352.
 * @example
 * const model = new MLP({ sizes: [16, 16], key: random.key(0) });
 * const { transform } = compAct(model, { rank: 4, inner: adam({ learningRate: 0.01 }) });
 * const training = trainer({ model, transform, loss: (x: Tensor) => mean(square(model.forward(x))), seed: 0 });
 * for (let step = 0; step < 5; step++) training.step(ones([8, 16]));
 * console.log(Object.keys(training.parameters)); // prints [ 'layers.0.bias', 'layers.0.lora.C' ]
 */
export function compAct<S>(model: Module, options: CompActOptions<S>): CompAct<S> {
  if (arguments.length > 2) refuseExtra('compAct', arguments, 2);
  const read = readOptionsOf<CompActOptions<S>, typeof compActOptions>('compAct', compActOptions, options);
  const { rank, match, seed } = read;
  const projector = fixedSide(read.projector ?? (gaussian as Projector<Projection>), 'right');
  const report = attach('compAct', model, {
    match,
    seed,
    make({ path, layer }) {
      if (!(layer instanceof Linear)) return 'not a Linear';
      const [outputs, inputs] = layer.weight.shape as readonly [number, number];
      if (rank > inputs) return `rank ${rank} is above its ${inputs} inputs`;
      return new CompActLinear([outputs, inputs], { projector, rank, seed, path: parameterPath(path, 'weight') });
    },
  });
  const moved = new Set(report.adapted.map(({ path }) => parameterPath(path, 'weight')));
  model.unfreeze((path) => report.frozen.includes(path) && !moved.has(path));
  const counts = new Set(report.adapted.map(({ path }) => parameterPath(path, 'lora.refreshes')));
  model.freeze((path) => counts.has(path));
  return { ...report, frozen: [...moved], transform: compressing(report.adapted, read) };
}

/** What `inner` makes of the gradient of C goes to the weight. */
function compressing<S>(
  adapted: readonly AttachedLayer<CompActLinear>[],
  { inner, refreshEvery }: ValuesOfGeneric<CompActOptions<S>, typeof compActOptions>,
): GradientTransform<CompActState<S>> {
  return transform<CompActState<S>>({
    name: `compAct(${inner.name ?? 'transform'})`,
    init: (params) => ({ step: 0, inner: inner.init(params) }),
    update(grads, state, params) {
      const [updates, next] = inner.update(grads, state.inner, params);
      if (Object.keys(updates).length === 0) return [updates, { ...state, inner: next }];
      const step = state.step + 1;
      const all: Record<string, Params[string]> = { ...updates };
      for (const { path, adapter } of adapted) {
        const [C, weight] = [parameterPath(path, 'lora.C'), parameterPath(path, 'weight')];
        const refreshes = parameterPath(path, 'lora.refreshes');
        if (!Object.hasOwn(params, weight) || !Object.hasOwn(params, refreshes)) throw notAll(weight);
        const update = all[C];
        if (update) all[weight] = adapter.up(update);
        delete all[C];
        if (step % refreshEvery === 0) all[refreshes] = ones([1]);
      }
      return [all, { step, inner: next }];
    },
  });
}

function notAll(path: string): StateError {
  return new StateError({
    code: 'comp-act/params',
    got: `the transform of compAct got no parameter "${path}"`,
    expected: 'all parameters of the model that its adapters hang in',
    fix: 'give the trainer { model }, not { params }; by hand, call update(grads, state, model.parameters())',
  });
}
