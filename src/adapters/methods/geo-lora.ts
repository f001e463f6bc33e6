import { fold, seedKind } from '../../base/key';
import {
  checkArgument,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../../base/options';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { rate, rateAt } from '../../optim/schedules';
import { type GradientTransform, transform } from '../../optim/transform';
import { onHost } from '../../tensor/linalg/on-host';
import { qr } from '../../tensor/linalg/qr';
import { fromArray, zeros } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sub } from '../../tensor/ops/elementwise/sub';
import { pad } from '../../tensor/ops/movement/pad';
import { random } from '../../tensor/ops/random/random';
import { runInScope } from '../../tensor/scope';
import type { Params, Tensor } from '../../tensor/tensor';
import { type AdapterReport, attach } from '../attach';
import { notAMatrix } from '../matrix-layers';
import { parameterOf } from '../parameter-of';
import { parameterPath } from '../sites';
import { type GeoFactors, GeoLinear } from './geo-linear';
import { type GeoSettings, geoStep } from './geo-step';

const geoLoraOptions = {
  /** η, or a schedule of it. A step of the weight is s²·η times a projection of its gradient. */
  learningRate: required(rate),
  /** r at the start (default 8); a layer with fewer rows or columns takes as many as it has. */
  rank: optional(extent, 8),
  /** The largest rank, for which factors have room (default 32). */
  maxRank: optional(extent, 32),
  /** The smallest rank (default 2). */
  minRank: optional(extent, 2),
  /** τ: a step drops the smallest singular values of the core whose norm is below τ times that of all (default 0.1). */
  tolerance: optional(number({ low: 0, high: 1 }), 0.1),
  /** α (default 16): the change is s·U·S·Vᵀ with s = α/rank, of the rank at the start. */
  alpha: optional(number(), 16),
  /**
   * Columns of the augmented bases at most (default: twice the rank). The published code has `maxRank` here, so that an adapter
   * of the largest rank finds no new directions.
   */
  augmentedRank: optional(extent),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path: a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
  /** What the first bases are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Ranks, tolerance, learning rate, and which layers. */
export interface GeoLoraOptions extends OptionsOf<typeof geoLoraOptions> {}

/** The state of `geoLora`'s transform; ranks are in the masks of the adapters. */
export interface GeoLoraState {
  /** Steps so far. */
  readonly step: number;
}

/** What attaching has done, and what trains it. */
export interface GeoLora extends AdapterReport {
  /** For a trainer of this model. */
  readonly transform: GradientTransform<GeoLoraState>;
}

/**
 * GeoLoRA: W + s·U·S·Vᵀ with orthonormal U [out, r] and V [in, r] and a small core S [r, r], and a rank that each step decides on.
 * One gradient evaluation gives the step of the weight along the tangent space of matrices of rank r, at twice the rank, which
 * is then truncated to a relative error below τ:
 *
 *     K̇ = ∇U·S⁻ᵀ    L̇ = ∇V·S⁻¹    Û = [U, Ũ] = basis of [U, K̇]    V̂ = [V, Ṽ] = basis of [V, L̇]
 *     Ŝ = [[S − η·∇S, −η·L̇ᵀ·Ṽ], [−η·Ũᵀ·K̇, 0]],  so that  Û·Ŝ·V̂ᵀ = U·S·Vᵀ − η·s·(P·G + G·Q − P·G·Q)
 *     U, S, V ← the singular vectors and values of it, without the tail that is below τ·‖σ‖
 *
 * with the projections P = U·Uᵀ and Q = V·Vᵀ, and the gradient G of the weight, which is never formed. S starts at 0, where gradients of the
 * bases are 0 and say nothing: the first step moves S alone. Later a direction with a singular value below rounding of the
 * largest adds none either. It is a plain gradient step without moments; parameters beside the adapters get −η·g.
 *
 * Factors keep room for `maxRank` and a mask '….lora.mask', of which the transform returns updates too; `compact(model)` takes the
 * room out after training. Numbers of an adapter: R·(n + m) + R² + R for R = maxRank. The step is done on the CPU in float64: two
 * bases of [out, 2r] and [in, 2r] and an SVD of [2r, 2r] a layer. s stays what it is: the published code has α over the rank of
 * now, and each change of the rank rescales what was learned.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError from the transform: `adapter/params` where it does not get all parameters, `linalg/non-finite`
 * @see Schotthöfer et al., "GeoLoRA: geometric integration for parameter efficient fine-tuning", arXiv 2410.18720.
 * @example
 * const model = new Linear(8, 6, { key: random.key(0) });
 * const { transform } = geoLora(model, { rank: 2, maxRank: 4, learningRate: 0.05 });
 * const training = trainer({ model, transform, loss: (x: Tensor) => mean(square(model.forward(x))), seed: 0 });
 * for (let step = 0; step < 5; step++) training.step(ones([4, 8]));
 * console.log(training.state.step, Object.keys(training.parameters).join(' ')); // prints 5 lora.U lora.S lora.V
 */
export function geoLora(model: Module, options: GeoLoraOptions): GeoLora {
  if (arguments.length > 2) refuseExtra('geoLora', arguments, 2);
  const read = readOptions('geoLora', geoLoraOptions, options, 'model');
  const { learningRate, ...settings } = read;
  const { rank, maxRank, minRank, alpha, tolerance, augmentedRank = 2 * maxRank } = settings;
  checkArgument('geoLora', 'maxRank', whole({ low: minRank }), maxRank);
  checkArgument('geoLora', 'rank', whole({ low: minRank, high: maxRank }), rank);
  checkArgument('geoLora', 'augmentedRank', whole({ low: maxRank }), augmentedRank);
  const scale = alpha / rank;
  const { adapted, ...report } = attach('geoLora', model, {
    match: read.match,
    seed: read.seed,
    settings,
    make({ layer, key }) {
      const { weight } = layer;
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      const [outputs, inputs] = weight.shape as readonly [number, number];
      const size = Math.min(maxRank, outputs, inputs);
      const first = Math.min(rank, size);
      const basis = (rows: number, name: string): Tensor =>
        pad(qr(random.normal(fold(key, name), [rows, first])).q, [
          [0, 0],
          [0, size - first],
        ]);
      const mask = fromArray(new Float32Array(size).fill(1, 0, first), [size]);
      const factors = { U: basis(outputs, 'U'), S: zeros([size, size]), V: basis(inputs, 'V'), mask };
      return new GeoLinear(factors, scale, read.dropout);
    },
  });
  const sites = adapted.map(({ path }): GeoPaths => {
    const of = (name: string): string => parameterPath(path, `lora.${name}`);
    return { U: of('U'), S: of('S'), V: of('V'), mask: of('mask') };
  });
  return {
    ...report,
    adapted: adapted.map(({ path, layer: { weight } }) => {
      return { path, shape: weight.shape, rank: Math.min(rank, ...weight.shape), scale };
    }),
    transform: geometric(sites, learningRate, { tolerance, minRank, augmentedRank }),
  };
}

/** The paths of what one adapter has. */
type GeoPaths = Readonly<Record<keyof GeoFactors, string>>;

function geometric(
  sites: readonly GeoPaths[],
  learningRate: number | ((step: number) => number),
  settings: Omit<GeoSettings, 'learningRate'>,
): GradientTransform<GeoLoraState> {
  const own = new Set(sites.flatMap((paths) => Object.values(paths)));
  return transform<GeoLoraState>({
    name: 'geoLora',
    init: () => ({ step: 0 }),
    update(grads, { step }, params) {
      const eta = rateAt(learningRate, step);
      const others = Object.entries(grads).filter(([path]) => !own.has(path));
      const present = sites.filter(({ U, S, V }) => [U, S, V].some((path) => Object.hasOwn(grads, path)));
      const moved = present.map((paths) =>
        runInScope(paths.U, () => steppedSite(paths, grads, params, { ...settings, learningRate: eta })),
      );
      const rest = Object.fromEntries(others.map(([path, g]) => [path, mul(g, -eta)]));
      return [Object.assign(rest, ...moved), { step: step + 1 }];
    },
  });
}

/** The updates of one adapter. */
function steppedSite(paths: GeoPaths, grads: Params, params: Params, settings: GeoSettings): Params {
  const { U, S, V, mask } = paths;
  const names = [U, S, V, mask];
  const before = names.map((path) => parameterOf('geoLora', params, path));
  const gradients = [U, S, V].map((path) => parameterOf('geoLora', grads, path, 'gradient of'));
  const shapes = before.map(({ shape }) => shape);
  const after = onHost('geoLora', [...before, ...gradients], shapes, (values) => {
    const at = (i: number): Float32Array => values[i] as Float32Array;
    const own = { U: at(0), S: at(1), V: at(2), mask: at(3) };
    const next = geoStep(own, { U: at(4), S: at(5), V: at(6) }, settings);
    return [next.U, next.S, next.V, next.mask];
  });
  return Object.fromEntries(names.map((path, i) => [path, sub(after[i] as Tensor, before[i] as Tensor)]));
}
