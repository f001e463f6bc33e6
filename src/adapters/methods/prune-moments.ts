import { fold, type Key } from '../../base/key';
import { onHost } from '../../tensor/linalg/on-host';
import { greaterEqual } from '../../tensor/ops/elementwise/compare';
import { where } from '../../tensor/ops/elementwise/where';
import { random } from '../../tensor/ops/random/random';
import { runInScope } from '../../tensor/scope';
import type { Params, Tensor } from '../../tensor/tensor';
import { mapTensors } from '../../tensor/tree';

/** Which share of a moment becomes 0, and how that is chosen. */
interface PruneSettings {
  readonly pruning: 'random' | 'magnitude';
  readonly pruneRatio: number;
}

/**
 * The state of an optimizer with zeros in most places of all that it keeps for these parameters element by element: the
 * tensors under a parameter's path that have its shape. Counts of steps stay, and so do states of another shape.
 */
export function withPrunedMoments<S>(state: S, trained: Params, { pruning, pruneRatio }: PruneSettings, key: Key): S {
  const entries = Object.entries(trained);
  return mapTensors(state, (moment, place) => {
    const belongs = entries.some(([path, { shape }]) => place.endsWith(`/${path}`) && `${shape}` === `${moment.shape}`);
    if (!belongs) return moment;
    return runInScope('pruneMoments', () =>
      pruning === 'random' ? thinned(moment, pruneRatio, fold(key, place)) : withoutSmall(moment, pruneRatio),
    );
  });
}

/** Each element stays with chance 1 − ratio. */
function thinned(x: Tensor, ratio: number, key: Key): Tensor {
  return where(greaterEqual(random.uniform(key, x.shape), ratio), x, 0);
}

/**
 * The elements whose size is above the `ratio`-quantile of all sizes. Between two of them it is interpolated, and those above
 * it are those above the lower one. A place that rounding has put just below a whole number is that number.
 */
function withoutSmall(x: Tensor, ratio: number): Tensor {
  const [kept] = onHost('pruneMoments', [x], [x.shape], ([values]) => {
    const sizes = Float64Array.from(values as Float32Array, Math.abs).sort();
    const limit = sizes[Math.floor(ratio * (sizes.length - 1) + 1e-9)] as number;
    return [(values as Float32Array).map((v) => (Math.abs(v) > limit ? v : 0))];
  });
  return kept as Tensor;
}
