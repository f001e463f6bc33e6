import { OptionError, StateError } from '../../base/errors';
import {
  choice,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  type ValuesOfGeneric,
} from '../../base/options';
import type { Module } from '../../nn/module';
import { extent } from '../../nn/options';
import { observedAround } from '../../optim/observed-around';
import { type GradientTransform, transform, transformKind } from '../../optim/transform';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sub } from '../../tensor/ops/elementwise/sub';
import { runInScope } from '../../tensor/scope';
import type { Params, Tensor } from '../../tensor/tensor';
import type { AdapterReport } from '../attach';
import { describedLowRank, drawSite } from '../attach-low-rank';
import type { RankPolicy } from '../ranks/rank-policy';
import { parameterPath } from '../sites';
import { type DrawSite, type FactorInit, type Factors, firstFactors, initKind } from '../starts/first-factors';
import { attachLora, type LoraOptions, loraOptionsWithoutInit } from './lora';

/** LoRA's options, how long a stage is, and what happens at its end. */
export interface PeriodicLoraOptions<S> extends Omit<LoraOptions, 'init' | 'mask'> {
  /** The optimizer of the factors, from gradients to updates. It starts anew in every stage, schedule and all. */
  readonly inner: GradientTransform<S>;
  /** Length of a stage, in optimizer steps. */
  readonly stageSteps: number;
  /** ρ, the share of the change that goes into the weight at the end of a stage (default 1: all of it). */
  readonly mergeFraction?: number;
  /**
   * What becomes of the other 1 − ρ. `keep` (default): B ← (1 − ρ)·B, and the function stays. `published`: both factors
   * times 1 − ρ, as third-party code has it, which loses ρ·(1 − ρ) of the change. `restart`: the factors start anew, which
   * loses 1 − ρ of it. With ρ = 1 the factors start anew in any case.
   */
  readonly remainder?: 'keep' | 'published' | 'restart';
  /** How the factors of a `Linear` start, in every stage (default 'kaiming'). B starts at 0. */
  readonly init?: FactorInit<DrawSite>;
}

/** What a stage needs to know. */
export const stageOptions = {
  inner: required(transformKind),
  stageSteps: required(extent),
};

const periodicLoraOptions = {
  ...loraOptionsWithoutInit,
  ...stageOptions,
  mergeFraction: optional(number({ low: 0, high: 1 }), 1),
  remainder: optional(choice('keep', 'published', 'restart'), 'keep'),
  init: optional(initKind, 'kaiming'),
} satisfies SpecificationOf<PeriodicLoraOptions<unknown>>;

/** The state of `periodicLora`'s transform. */
export interface PeriodicState<S> {
  /** Stages done; the first factors of a stage are a function of it. */
  readonly stage: number;
  /** Optimizer steps in this stage so far. */
  readonly step: number;
  /** The parameters that the inner transform was started with, by path. */
  readonly leaves: readonly string[];
  /** State of the inner transform. */
  readonly inner: S;
}

/** What attaching has done, and the optimizer that goes with it. */
export interface PeriodicLora<S> extends AdapterReport {
  /** For a trainer of this model. */
  readonly transform: GradientTransform<PeriodicState<S>>;
}

/**
 * PeriodicLoRA: LoRA in stages. At the end of each the change goes into the weight, W ← W + ρ·s·B·A, the factors and the
 * optimizer start anew, and the next stage adds another r directions: k stages reach rank min(out, in, k·r) with the
 * memory of one adapter. `mergeAdapters(model)` at the end brings in the last stage.
 *
 * Unloading is part of the update that the transform returns for the last step of a stage, so that it happens between
 * two forward passes, once, whatever is evaluated in between. A step is counted where `inner` returns an update: with
 * `accumulate` inside or around, a stage ends with a cycle. At the end of a stage the changes of all adapted weights are
 * alive at once, as large as those weights, after the step's other memory is free.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError `periodic-lora/params` from the transform, where it does not get all parameters of the model
 * @see PeriodicLoRA, arXiv 2402.16141.
 * @example
 * const model = new MLP({ sizes: [16, 16], key: random.key(0) });
 * const { transform } = periodicLora(model, { rank: 2, stageSteps: 10, inner: adam({ learningRate: 0.01 }) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const training = trainer({ model, transform, loss, seed: 0 });
 * for (let step = 0; step < 25; step++) training.step(ones([4, 16]));
 * console.log(training.state.stage, training.state.step); // prints 2 5
 */
export function periodicLora<S>(model: Module, options: PeriodicLoraOptions<S>): PeriodicLora<S> {
  if (arguments.length > 2) refuseExtra('periodicLora', arguments, 2);
  const read = readOptionsOf<PeriodicLoraOptions<S>, typeof periodicLoraOptions>(
    'periodicLora',
    periodicLoraOptions,
    options,
  );
  return attachPeriodic('periodicLora', model, read);
}

/** What the next stage starts with, given the state of the inner transform after the last step of the one before. */
type NextState<S> = (state: S, trained: Params, stage: number) => S;

/** `periodicLora` under another name in messages, and with another start of the optimizer in each stage. */
export function attachPeriodic<S>(
  where: string,
  model: Module,
  options: ValuesOfGeneric<PeriodicLoraOptions<S>, typeof periodicLoraOptions>,
  nextState: NextState<S> = (_, trained) => options.inner.init(trained),
): PeriodicLora<S> {
  const { inner, stageSteps, mergeFraction, remainder, ...adapters } = options;
  if (typeof adapters.rank !== 'number' && adapters.rank.adapter) throw ofLoraAlone(where, adapters.rank);
  const report = attachLora(where, model, { ...adapters, mask: false });
  const { seed, init } = adapters;
  const sites = report.adapted.map(({ path, layer, adapter }): StageSite => {
    const { shape } = layer.weight;
    return {
      weight: parameterPath(path, 'weight'),
      A: parameterPath(path, 'lora.A'),
      B: parameterPath(path, 'lora.B'),
      start: (stage) =>
        firstFactors(where, init, layer, drawSite(path, shape, { rank: adapter.rank, seed }, adapter.scale, stage)),
      change: (factors, share) => adapter.change(factors, share),
    };
  });
  return {
    ...describedLowRank(report),
    transform: inStages(where, inner, stageSteps, unloading(where, sites, mergeFraction, remainder), nextState),
  };
}

type StageFactors = Required<Pick<Factors, 'A' | 'B'>>;

/** One adapter, as far as unloading needs it: paths and pure functions. */
interface StageSite {
  readonly weight: string;
  readonly A: string;
  readonly B: string;
  readonly start: (stage: number) => StageFactors;
  /** share·s·B·A in the shape of the weight. */
  readonly change: (factors: StageFactors, share: number) => Tensor;
}

/** The updates of a step that is the last of its stage, given those of the inner transform. */
type Unload = (updates: Params, params: Params, nextStage: number) => Params;

function inStages<S>(
  where: string,
  inner: GradientTransform<S>,
  stageSteps: number,
  unload: Unload,
  nextState: NextState<S>,
): GradientTransform<PeriodicState<S>> {
  return transform<PeriodicState<S>>({
    name: `${where}(${inner.name ?? 'transform'})`,
    init: (params) => ({ stage: 0, step: 0, leaves: Object.keys(params), inner: inner.init(params) }),
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => inStages(where, seen, stageSteps, unload, nextState)),
    update(grads, state, params) {
      const [updates, next] = inner.update(grads, state.inner, params);
      const step = state.step + (Object.keys(updates).length > 0 ? 1 : 0);
      if (step < stageSteps) return [updates, { ...state, step, inner: next }];
      const stage = state.stage + 1;
      const trained = Object.fromEntries(state.leaves.map((path) => [path, leaf(where, params, path)]));
      return [unload(updates, params, stage), { ...state, stage, step: 0, inner: nextState(next, trained, stage) }];
    },
  });
}

function unloading(
  where: string,
  sites: readonly StageSite[],
  share: number,
  remainder: 'keep' | 'published' | 'restart',
): Unload {
  const kept = 1 - share;
  const rest = ({ start }: StageSite, { A, B }: StageFactors, stage: number): StageFactors => {
    if (kept === 0 || remainder === 'restart') return start(stage);
    return { A: remainder === 'keep' ? A : mul(A, kept), B: mul(B, kept) };
  };
  return (updates, params, stage) => {
    const unloaded = sites.map((site) =>
      runInScope(site.weight, () => {
        const before = (path: string): Tensor => leaf(where, params, path);
        const after = (path: string): Tensor => {
          const update = updates[path];
          return update ? add(before(path), update) : before(path);
        };
        const factors = { A: after(site.A), B: after(site.B) };
        const next = rest(site, factors, stage);
        return {
          [site.weight]: site.change(factors, share),
          ...(next.A !== factors.A && { [site.A]: sub(next.A, before(site.A)) }),
          [site.B]: sub(next.B, before(site.B)), // next.B − B: a B of zeros comes out exactly
        };
      }),
    );
    return Object.assign({ ...updates }, ...unloaded) as Params;
  };
}

function leaf(where: string, params: Params, path: string): Tensor {
  const found = Object.hasOwn(params, path) ? params[path] : undefined;
  if (found) return found;
  throw new StateError({
    code: 'periodic-lora/params',
    got: `the transform of ${where} got no parameter "${path}"`,
    expected: 'all parameters of the model that its adapters hang in',
    fix: 'give the trainer { model }, not { params }; by hand, call update(grads, state, model.parameters())',
  });
}

function ofLoraAlone(where: string, { name }: RankPolicy): OptionError {
  return new OptionError({
    code: 'ranks/own-adapters',
    got: `${where} got the policy "${name}", which has adapters of its own`,
    expected: 'a number, or a policy that chooses ranks for the adapters of LoRA',
    fix: 'give the policy to lora',
  });
}
