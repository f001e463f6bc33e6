import { checkArgument, number, optional, readOptionsOf, refuseExtra, type SpecificationOf } from '../../base/options';
import { moduleKind } from '../../nn/kinds';
import { type Match, type Module, matches, matchKind } from '../../nn/module';
import { svd } from '../../tensor/linalg/svd';
import { runInScope } from '../../tensor/scope';
import { sitesOf } from '../sites';
import { checkBatches, type GradientSource, meanGradient, source } from '../starts/mean-gradient';

/** What is looked at. */
export interface PlacementScoresOptions<Batch> extends GradientSource<Batch> {
  /** δ: a singular value counts if it is larger than δ times the largest (default 0.1). */
  readonly delta?: number;
  /** Which layers, by their path; a string matches everything below it too (default: all whose weight is a matrix). */
  readonly match?: Match;
}

const placementScoresOptions = {
  ...source,
  delta: optional(number({ low: 0, high: 1 }), 0.1),
  match: optional(matchKind),
} satisfies SpecificationOf<PlacementScoresOptions<unknown>>;

/** What the gradient of one weight says about an adapter there. */
export interface PlacementScore {
  /** Dotted path of the layer. */
  readonly path: string;
  /** Singular values of the mean gradient that are larger than δ times the largest; 0 for a gradient of 0. */
  readonly score: number;
  /** The largest singular value. */
  readonly largest: number;
}

/**
 * Where adapters have the most to do: for each weight, the numerical rank of its mean gradient, #{k : σ_k > δ·σ_1}. A diagnostic
 * before `lora`; to adapt the layers with the highest scores, match their paths. Gradients are taken of one weight at a time.
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see "Where to place adapters", arXiv 2410.15858, which ranks places by this and gives no rule for a choice.
 * @example
 * const model = new MLP({ sizes: [8, 16, 4], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const scores = placementScores(model, { loss, batches: [random.normal(random.key(1), [32, 8])] });
 * const [best] = scores.sort((a, b) => b.score - a.score);
 * lora(model, { rank: 2, match: best?.path });
 */
export function placementScores<Batch>(model: Module, options: PlacementScoresOptions<Batch>): PlacementScore[] {
  if (arguments.length > 2) refuseExtra('placementScores', arguments, 2);
  checkArgument('placementScores', 'model', moduleKind, model);
  const read = readOptionsOf<PlacementScoresOptions<Batch>, typeof placementScoresOptions>(
    'placementScores',
    placementScoresOptions,
    options,
  );
  const { loss, batches, delta, match } = read;
  checkBatches('placementScores', batches);
  const chosen = sitesOf(model).filter(({ path, layer: { weight } }) => {
    return weight.ndim === 2 && (match === undefined || matches(match, path));
  });
  return chosen.map(({ path, layer: { weight } }) => {
    const values = runInScope(path, () => svd(meanGradient(weight, { loss, batches })).s.dataSync());
    const largest = values[0] ?? 0;
    return { path, score: values.filter((s) => s > delta * largest).length, largest };
  });
}
