import { fold } from '../../base/key';
import { choice, number, optional, readOptionsOf, refuseExtra, type SpecificationOf } from '../../base/options';
import { fromArray } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather } from '../../tensor/ops/movement/gather';
import { transpose } from '../../tensor/ops/movement/transpose';
import { permute } from '../../tensor/ops/random/random';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import type { AdapterSite, Factors } from './first-factors';
import { checkBatches, type GradientSource, leading, source } from './mean-gradient';

/** How LoRA-GA makes factors of singular vectors. */
export interface LoraGaOptions<Batch> extends GradientSource<Batch> {
  /**
   * Which of the 2r leading singular vectors: `ArB2r` (default) the first r right ones for A and the next r left ones for
   * B, `A2rBr` the other way round, `ArBr` every other one, `random` a random split.
   */
  readonly direction?: 'ArB2r' | 'A2rBr' | 'ArBr' | 'random';
  /** `stable` (default): both factors times out^¼/√γ; `gd`: both over s; `none`. */
  readonly scaling?: 'stable' | 'gd' | 'none';
  /** γ of `stable` (default 16). */
  readonly gamma?: number;
}

const loraGaOptions = {
  ...source,
  direction: optional(choice('ArB2r', 'A2rBr', 'ArBr', 'random'), 'ArB2r'),
  scaling: optional(choice('stable', 'gd', 'none'), 'stable'),
  gamma: optional(number({ low: Number.MIN_VALUE }), 16),
} satisfies SpecificationOf<LoraGaOptions<unknown>>;

/**
 * LoRA-GA's start: both factors are singular vectors of the mean gradient of the weight, and s·B·A is taken out of the
 * weight, so that the function stays. Needs 2·rank ≤ min(out, in).
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see LoRA-GA, arXiv 2407.05000.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * lora(model, { rank: 2, init: loraGa({ loss, batches: [ones([4, 8])] }) });
 */
export function loraGa<Batch>(options: LoraGaOptions<Batch>): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('loraGa', arguments, 1);
  const { direction, scaling, gamma, ...gradients } = readOptionsOf<LoraGaOptions<Batch>, typeof loraGaOptions>(
    'loraGa',
    loraGaOptions,
    options,
  );
  checkBatches('loraGa', gradients.batches);
  return (site) =>
    runInScope('loraGa', () => {
      const { u, vt } = leading('loraGa', site, gradients, 2 * site.rank);
      const [ofA, ofB] = directions[direction](site);
      const outputs = site.weight.shape[0] as number;
      const factor = scaling === 'stable' ? outputs ** 0.25 / Math.sqrt(gamma) : scaling === 'gd' ? 1 / site.scale : 1;
      return { A: mul(gather(vt, ofA), factor), B: mul(transpose(gather(transpose(u), ofB)), factor) };
    });
}

/** Which of the 2r vectors A gets, and which B. */
const directions = {
  ArB2r: ({ rank }: AdapterSite) => [from(rank, 0, 1), from(rank, rank, 1)] as const,
  A2rBr: ({ rank }: AdapterSite) => [from(rank, rank, 1), from(rank, 0, 1)] as const,
  ArBr: ({ rank }: AdapterSite) => [from(rank, 0, 2), from(rank, 1, 2)] as const,
  random({ rank, key }: AdapterSite) {
    const order = permute(fold(key, 'direction'), 2 * rank);
    return [order.slice(0, rank), order.slice(rank)].map((list) => fromArray(list, [rank])) as [Tensor, Tensor];
  },
};

/** start, start + step, … int32 [count] */
function from(count: number, start: number, step: number): Tensor {
  return fromArray(
    Int32Array.from({ length: count }, (_, i) => start + step * i),
    [count],
  );
}
