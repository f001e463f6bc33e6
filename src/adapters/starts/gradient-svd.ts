import { number, optional, readOptionsOf, refuseExtra, type SpecificationOf } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import type { AdapterSite, Factors } from './first-factors';
import { checkBatches, type GradientSource, leading, source } from './mean-gradient';

/** How LoRS's factors start. */
export interface GradientSvdOptions<Batch> extends GradientSource<Batch> {
  /** γ (default 1). */
  readonly gamma?: number;
}

const gradientSvdOptions = {
  ...source,
  gamma: optional(number(), 1),
} satisfies SpecificationOf<GradientSvdOptions<unknown>>;

/**
 * LoRS's start: A [r, in] are the r leading right singular vectors of the mean gradient of the weight, over γ, and B is
 * 0, so that the function stays.
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see LoRS, arXiv 2501.08582.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * lors(model, { rank: 2, init: gradientSvd({ loss, batches: [ones([4, 8])] }) });
 * console.log(model.parameters()['layers.0.lora.A']?.shape); // prints [ 2, 8 ]
 */
export function gradientSvd<Batch>(options: GradientSvdOptions<Batch>): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('gradientSvd', arguments, 1);
  const { gamma, ...gradients } = readOptionsOf<GradientSvdOptions<Batch>, typeof gradientSvdOptions>(
    'gradientSvd',
    gradientSvdOptions,
    options,
  );
  checkBatches('gradientSvd', gradients.batches);
  return (site) => ({ A: mul(leading('gradientSvd', site, gradients, site.rank).vt, 1 / gamma) });
}
