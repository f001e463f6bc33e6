import { OptionError } from '../base/errors';
import { fold, key, seedKind } from '../base/key';
import {
  listOf,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  string,
  type ValuesOfGeneric,
  whole,
} from '../base/options';
import { type Filter, filterKind, passes } from '../optim/filter';
import { leafOf } from '../optim/leaf';
import { countLeaves, type LeafCounts, leavesSeen, zeroCounts } from '../optim/leaf-counts';
import { observedAround } from '../optim/observed-around';
import { movingMean, zerosLike } from '../optim/parts/moving-mean';
import { meanOf, product, withoutConflicts } from '../optim/project-conflicts';
import { type GradientTransform, mapParams, transform, transformKind } from '../optim/transform';
import { zeros } from '../tensor/ops/create';
import { add } from '../tensor/ops/elementwise/add';
import { div } from '../tensor/ops/elementwise/div';
import { maximum } from '../tensor/ops/elementwise/maximum';
import { mul } from '../tensor/ops/elementwise/mul';
import { sqrt } from '../tensor/ops/elementwise/sqrt';
import { concat } from '../tensor/ops/movement/concat';
import { oneHot } from '../tensor/ops/movement/one-hot';
import { reshape } from '../tensor/ops/movement/reshape';
import { slice } from '../tensor/ops/movement/slice';
import { sum } from '../tensor/ops/reductions/sum';
import { topK } from '../tensor/ops/rows/top-k';
import type { Params, Tensor } from '../tensor/tensor';
import { matrixFilter } from './filter';
import { compressedShape, type Projector, projectorKind } from './projector';
import { gaussian } from './projectors/gaussian';

/** Which gradients make a cycle, how many of them are kept, and what gets their mean. */
export interface ConGradOptions<S> {
  /**
   * The group of each gradient of a cycle, such as the language of its sample: `['de', 'de', 'fr', 'fr']` for cycles of four
   * steps, whose batches come in this order.
   */
  readonly groups: readonly string[];
  /** How many gradients of a cycle are kept. */
  readonly keep: number;
  /** The transform that gets the mean of the gradients that are kept. */
  readonly inner: GradientTransform<S>;
  /** Decay of the mean gradient of each group, a step a cycle (default 0.9). */
  readonly beta?: number;
  /** Rows of the projection under which gradients are compared (default 8). */
  readonly rank?: number;
  /** How they are projected for that (default `projectors.gaussian`), by one that does not look at them. */
  readonly projector?: Projector;
  /** Which parameters are projected for that (default: matrices whose smaller dimension is at least the rank). */
  readonly filter?: Filter;
  /** What the projection and the order of groups are drawn from (default 0). */
  readonly seed?: number;
}

const conGradOptions = {
  groups: required(listOf(string)),
  keep: required(whole({ low: 1 })),
  inner: required(transformKind),
  beta: optional(number({ low: 0, high: 1 }), 0.9),
  rank: optional(whole({ low: 1 }), 8),
  projector: optional(projectorKind, gaussian),
  filter: optional(filterKind),
  seed: optional(seedKind, 0),
} satisfies SpecificationOf<ConGradOptions<unknown>>;

/** The state of `conGrad`. */
export interface ConGradState<S> {
  /** Cycles done; the order of groups is a function of it. */
  readonly cycle: number;
  /** Gradients of this cycle so far. */
  readonly count: number;
  /** For each leaf, how many of these gradients had it. */
  readonly counts: LeafCounts;
  /** The gradients of this cycle, zeros where there is none yet. */
  readonly held: readonly Params[];
  /** Mean compressed gradient of each group, in the order in which `groups` names them first. */
  readonly means: readonly Params[];
  /** State of the transform that gets the means. */
  readonly inner: S;
}

/**
 * CONGRAD's filter of samples, as a transform over cycles: each step brings the gradient of one sample (or of a batch of one
 * group), and at the end of a cycle those that agree best with all groups make one step of `inner`.
 *
 *     cᵢ = down(gᵢ)                               under one projection for the whole training
 *     m ← β·m + (1 − β)·mean of the group's cᵢ    for each group
 *     d = PCGrad(m of all groups)                 see projectConflicts; a new order of groups in each cycle
 *     inner gets the mean of the `keep` gradients gᵢ with the largest cosine of cᵢ and d
 *
 * Between the ends of cycles no leaf is returned and `inner` does not move. Under the projection inner products are
 * unbiased, with variance (‖g‖²‖h‖² + ⟨g, h⟩²)/r a row; `gradientConflicts` of the study room measures them. State beside
 * `inner`'s: the gradients of a cycle whole, and those of the groups compressed. A leaf that is absent from some of the
 * gradients counts as zero there.
 *
 * A reconstruction from the paper's summary: which gradients it compresses and how is not known here.
 * @throws OptionError `con-grad/keep`, `con-grad/groups`, `projector/looks-at-gradients`, `options/…`
 * @see CONGRAD, arXiv 2503.23777; Yu et al., arXiv 2001.06782, for the merge.
 * @example
 * const model = new Linear(4, 2, { key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const transform = conGrad({ groups: ['de', 'de', 'fr'], keep: 2, inner: sgd({ learningRate: 0.1 }) });
 * const training = trainer({ model, transform, loss, seed: 0 });
 * for (let sample = 0; sample < 6; sample++) training.step(ones([1, 4]));
 * console.log(training.state.cycle); // prints 2
 */
export function conGrad<S>(options: ConGradOptions<S>): GradientTransform<ConGradState<S>> {
  if (arguments.length > 1) refuseExtra('conGrad', arguments, 1);
  const read = readOptionsOf<ConGradOptions<S>, typeof conGradOptions>('conGrad', conGradOptions, options);
  const { groups, keep, projector } = read;
  if (groups.length === 0) throw noGroups();
  if (keep > groups.length) throw tooMany(keep, groups.length);
  if (projector.refresh) throw looksAtGradients(projector.name);
  return filtering(read, read.inner);
}

function filtering<S>(read: Read<S>, inner: GradientTransform<S>): GradientTransform<ConGradState<S>> {
  const { groups, keep, beta, rank, projector, filter = matrixFilter({ rank }), seed } = read;
  const names = [...new Set(groups)];
  const root = key(seed);

  const drawn = (path: string, x: Tensor) =>
    passes(filter, path, x) ? projector.sample(fold(root, path, 'conGrad'), x.shape, rank) : undefined;
  const down = (g: Tensor, path: string): Tensor => {
    const A = drawn(path, g);
    return A ? projector.down(A, g) : g;
  };
  const zero = (x: Tensor, path: string): Tensor => {
    const A = drawn(path, x);
    return zeros(A ? compressedShape(projector, A) : x.shape);
  };
  const empty = (params: Params) => ({
    count: 0,
    counts: zeroCounts(params),
    held: groups.map(() => zerosLike(params)),
  });

  return transform<ConGradState<S>>({
    name: `conGrad(${inner.name ?? 'transform'})`,
    init: (params) => ({
      cycle: 0,
      ...empty(params),
      means: names.map(() => mapParams(params, zero)),
      inner: inner.init(params),
    }),
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => filtering(read, seen)),
    update(grads, state, params) {
      const count = state.count + 1;
      const counts = countLeaves(state.counts, grads);
      const arrived = mapParams(grads, (g, path) => add(leafOf('conGrad', state.held[state.count] as Params, path), g));
      const held = state.held.map((g, i) => (i === state.count ? { ...g, ...arrived } : g));
      if (count < groups.length) return [{}, { ...state, count, counts, held }];
      const compressed = held.map((g) => mapParams(g, down));
      const means = names.map((name, i) => {
        const own = compressed.filter((_, at) => groups[at] === name);
        const before = state.means[i] as Params;
        return { ...before, ...movingMean('conGrad', beta, before, leavesSeen(meanOf(own), counts)) };
      });
      const direction = withoutConflicts(means, fold(root, 'groups', state.cycle));
      const shares = kept(compressed, direction, keep);
      const chosen = mapParams(held[0] as Params, (_, path) => weighted(held, path, shares));
      const [updates, next] = inner.update(leavesSeen(chosen, counts), state.inner, params);
      return [updates, { cycle: state.cycle + 1, ...empty(params), means, inner: next }];
    },
  });
}

type Read<S> = ValuesOfGeneric<ConGradOptions<S>, typeof conGradOptions>;

/** 1/keep for the gradients with the largest cosine with the direction, of equals the first, and 0 for the others: [k, 1]. */
function kept(gradients: readonly Params[], direction: Params, keep: number): Tensor {
  const cosines = gradients.map((g) => {
    const along = div(product(g, direction), sqrt(maximum(product(g, g), smallest))); // the direction's norm is the same for all
    return reshape(along, [1]);
  });
  const { indices } = topK(concat(cosines), keep); // [keep]
  const marks = sum(oneHot(indices, gradients.length), { axis: 0 }); // [k]
  return reshape(mul(marks, 1 / keep), [gradients.length, 1]);
}

/** The least square of a norm, so that the cosine of a gradient of zeros is 0. */
const smallest = 2 ** -126;

/** Σ shareᵢ·gᵢ of one leaf. */
function weighted(gradients: readonly Params[], path: string, shares: Tensor): Tensor {
  return gradients
    .map((g, i) => mul(g[path] as Tensor, reshape(slice(shares, [i], [i + 1]), [])))
    .reduce((total, x) => add(total, x));
}

function noGroups(): OptionError {
  return new OptionError({
    code: 'con-grad/groups',
    got: 'conGrad got no groups',
    expected: 'the group of each gradient of a cycle',
    fix: "pass { groups: ['a', 'b'] } for cycles of two steps",
  });
}

function tooMany(keep: number, gradients: number): OptionError {
  return new OptionError({
    code: 'con-grad/keep',
    got: `conGrad got keep = ${keep} of ${gradients} gradients`,
    expected: 'no more than a cycle has',
    fix: 'pass a smaller keep, or more groups',
  });
}

function looksAtGradients(name: string): OptionError {
  return new OptionError({
    code: 'projector/looks-at-gradients',
    got: `conGrad got the projector ${name}, which is made for a gradient`,
    expected: 'one that is drawn once for the whole training',
    fix: 'use projectors.gaussian, the default',
  });
}
