import { OptionError } from '../../base/errors';
import {
  checkArgument,
  choice,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  type SpecificationOf,
  whole,
} from '../../base/options';
import { roundHalfEven } from '../../base/round-half-even';
import { extent } from '../../nn/options';
import { svd } from '../../tensor/linalg/svd';
import { abs } from '../../tensor/ops/elementwise/abs';
import { mul } from '../../tensor/ops/elementwise/mul';
import { norm } from '../../tensor/ops/reductions/norm';
import { mean, sum } from '../../tensor/ops/reductions/sum';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import { checkBatches, type GradientSource, meanGradient, source } from '../starts/mean-gradient';
import type { RankPolicy, RankSite } from './rank-policy';

/** What GoRA takes the importance of layers from, and what it shares out. */
export interface GoraRanksOptions<Batch> extends GradientSource<Batch> {
  /** The mean rank: the budget is that of adapters with this rank everywhere (default 8). */
  readonly rank?: number;
  /** B itself, in place of `rank`: numbers that all adapters together may have; for another `cost`, in its unit. */
  readonly budget?: number;
  /** Fewest components of a layer (default 1). It may be 0: the layer then gets no adapter. */
  readonly minRank?: number;
  /** Most components of a layer (default: the smaller side of its weight). */
  readonly maxRank?: number;
  /**
   * Of the weight and its mean gradient: `product` (default) ‖W ⊙ G‖, `mean-product` the mean of |W ⊙ G|, `nuclear` the sum
   * of the singular values of G.
   */
  readonly importance?: 'product' | 'mean-product' | 'nuclear';
  /**
   * How importances become shares of the budget: `sum` (default) over their sum; `softmax` of them, scaled to between 0 and 1,
   * over `temperature`.
   */
  readonly shares?: 'sum' | 'softmax';
  /** The temperature of `softmax` (default 0.5). */
  readonly temperature?: number;
  /** What a component of a layer [out, in] costs: `linear` (default) out + in, `sqrt` its root, `log1p` ln(1 + out + in). */
  readonly cost?: 'linear' | 'sqrt' | 'log1p';
  /** How the share of a layer becomes a whole number, before it is divided: `nearest` (default, halves to even), `down` or `up`. */
  readonly rounding?: 'nearest' | 'down' | 'up';
}

const goraRanksOptions = {
  ...source,
  rank: optional(extent),
  budget: optional(number({ low: Number.MIN_VALUE })),
  minRank: optional(whole({ low: 0 }), 1),
  maxRank: optional(extent),
  importance: optional(choice('product', 'mean-product', 'nuclear'), 'product'),
  shares: optional(choice('sum', 'softmax'), 'sum'),
  temperature: optional(number({ low: Number.MIN_VALUE }), 0.5),
  cost: optional(choice('linear', 'sqrt', 'log1p'), 'linear'),
  rounding: optional(choice('nearest', 'down', 'up'), 'nearest'),
} satisfies SpecificationOf<GoraRanksOptions<unknown>>;

/** The policy, and what it goes by. */
export interface GoraRanks extends RankPolicy {
  /** The importance of each layer, in the order of these. */
  importances(sites: readonly RankSite[]): number[];
}

/**
 * GoRA's ranks: layers share a budget of parameters by the importance of their weights for the loss. With the mean gradient G
 * of a weight W [out, in] over some batches, f = out + in and B = Σ f·rank,
 *
 *     I = ‖W ⊙ G‖,  r = clip(round(B·I/ΣI) div f, minRank, maxRank)
 *
 * so that all adapters together have about B numbers: fewer by the remainders of the division, more or fewer where ranks are
 * clipped. Gradients are taken of one weight at a time, a pass over the batches for each. Layers that are all of no importance
 * get equal shares. The paper's start of the factors is another matter: this gives the ranks, for any start.
 * @throws OptionError `ranks/budget`, `gradient-init/batches`, `options/…`
 * @see He et al., "GoRA: gradient-driven adaptive low rank adaptation", arXiv 2502.12171, and its published code.
 * @example
 * const model = new MLP({ sizes: [8, 16, 4], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const { adapted } = lora(model, { rank: goraRanks({ loss, batches: [ones([4, 8])], rank: 3 }) });
 * console.log(adapted.map(({ path, rank }) => `${path} ${rank}`)); // prints [ 'layers.0 2', 'layers.1 3' ]
 */
export function goraRanks<Batch>(options: GoraRanksOptions<Batch>): GoraRanks {
  if (arguments.length > 1) refuseExtra('goraRanks', arguments, 1);
  const read = readOptionsOf<GoraRanksOptions<Batch>, typeof goraRanksOptions>('goraRanks', goraRanksOptions, options);
  const {
    loss,
    batches,
    rank,
    budget: given,
    minRank,
    maxRank,
    importance,
    shares,
    temperature,
    cost,
    rounding,
  } = read;
  checkBatches('goraRanks', batches);
  if (rank !== undefined && given !== undefined) throw badBudget('both rank and budget', 'one of them');
  if (maxRank !== undefined) checkArgument('goraRanks', 'minRank', whole({ low: 0, high: maxRank }), minRank);
  const importances = (sites: readonly RankSite[]): number[] =>
    sites.map(({ path, weight }) =>
      runInScope(path, () => {
        const gradient = meanGradient(weight, { loss, batches });
        return measures[importance](weight, gradient).dataSync()[0] as number;
      }),
    );
  return {
    name: 'goraRanks',
    importances,
    ranks(sites) {
      const costs = sites.map(({ shape }) => costOf[cost](shape.reduce((total, n) => total + n, 0)));
      const oneEach = costs.reduce((total, f) => total + f, 0);
      const budget = given ?? oneEach * (rank ?? 8);
      if (budget < oneEach * minRank)
        throw badBudget(`a budget of ${budget}`, `at least minRank·Σf = ${oneEach * minRank}`);
      const parts = shares === 'sum' ? overSum(importances(sites)) : softmax(importances(sites), temperature);
      return sites.map(({ shape }, i) => {
        const components = Math.floor(rounded[rounding](budget * (parts[i] as number)) / (costs[i] as number));
        const most = maxRank ?? Math.min(...shape);
        return { rank: Math.min(Math.max(components, minRank), most) };
      });
    },
  };
}

const measures = {
  product: (w: Tensor, g: Tensor) => norm(mul(w, g)),
  'mean-product': (w: Tensor, g: Tensor) => mean(abs(mul(w, g))),
  nuclear: (_: Tensor, g: Tensor) => sum(svd(g).s),
};

const costOf = { linear: (features: number) => features, sqrt: Math.sqrt, log1p: Math.log1p };

const rounded = { nearest: roundHalfEven, down: Math.floor, up: Math.ceil };

function overSum(values: readonly number[]): number[] {
  const total = values.reduce((all, x) => all + x, 0);
  return values.map((x) => (total === 0 ? 1 / values.length : x / total));
}

function softmax(values: readonly number[], temperature: number): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return overSum(values.map((x) => (high === low ? 1 : Math.exp((x - low) / (high - low) / temperature))));
}

function badBudget(got: string, expected: string): OptionError {
  return new OptionError({
    code: 'ranks/budget',
    got: `goraRanks got ${got}`,
    expected,
    fix: 'write { rank: 8 } for eight components a layer in the mean, or lower minRank',
  });
}
