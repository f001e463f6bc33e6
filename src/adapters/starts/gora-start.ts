import { fold } from '../../base/key';
import {
  callable,
  checkArgument,
  either,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  type SpecificationOf,
} from '../../base/options';
import { initializers } from '../../nn/initializers';
import { dampedInverse } from '../../optim/pairs/inverses';
import { mul } from '../../tensor/ops/elementwise/mul';
import { matmul } from '../../tensor/ops/products/matmul';
import { runInScope } from '../../tensor/scope';
import { type AdapterSite, type DrawSite, type Factors, linearFactors } from './first-factors';
import { checkBatches, type GradientSource, meanGradient, source } from './mean-gradient';

/** How GoRA's factors start. */
export interface GoraStartOptions<Batch> extends GradientSource<Batch> {
  /** γ, or a function of the layer (default 0.02). */
  readonly gamma?: number | ((site: AdapterSite) => number);
  /** How A starts (default: N(0, 1/in)). */
  readonly init?: (site: DrawSite) => Pick<Factors, 'A'>;
}

const goraStartOptions = {
  ...source,
  gamma: optional(either(number(), callable<(site: AdapterSite) => number>('of the layer that returns γ')), 0.02),
  init: optional(callable<(site: DrawSite) => Pick<Factors, 'A'>>('of the layer that returns { A }')),
} satisfies SpecificationOf<GoraStartOptions<unknown>>;

/**
 * GoRA's start: A at random, and the B with which s·B·A comes closest to a step of descent, −(γ/r)·Ḡ of the mean gradient
 * of the weight: B = −γ/(r·s)·Ḡ·Aᵀ·(AAᵀ)⁻¹, so that s·B·A = −(γ/r)·Ḡ·P for the projection P on the rows of A. The
 * function starts with that step in it: it is not what it was, by design, and the weight stays as it is.
 *
 * The published code has the other sign, and so takes a step up. Where s = α/√r it has √r in the place of r. Its other rule
 * for γ, by which s·B·A is as large as −η·Ḡ, is `gamma: ({ rank, shape }) => (η * rank) / Math.sqrt(rank / shape[1])`.
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see He et al., "GoRA: gradient-driven adaptive low rank adaptation", arXiv 2502.12171.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * lora(model, { rank: 2, init: goraStart({ loss, batches: [ones([4, 8])] }) });
 */
export function goraStart<Batch>(options: GoraStartOptions<Batch>): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('goraStart', arguments, 1);
  const { gamma, init, ...gradients } = readOptionsOf<GoraStartOptions<Batch>, typeof goraStartOptions>(
    'goraStart',
    goraStartOptions,
    options,
  );
  checkBatches('goraStart', gradients.batches);
  const first = init ?? usualA;
  return (site) =>
    runInScope('goraStart', () => {
      const { rank, scale, weight } = site;
      checkArgument('goraStart', 's, of α and the rank', number({ low: Number.MIN_VALUE }), scale);
      const { A } = linearFactors('goraStart', first, site);
      const size = typeof gamma === 'function' ? gamma(site) : gamma;
      checkArgument('goraStart', 'gamma', number(), size);
      const fitted = matmul(meanGradient(weight, gradients), A, { transposeB: true }); // Ḡ·Aᵀ [out, r]
      const inverse = dampedInverse(matmul(A, A, { transposeB: true }), 0);
      return { A, B: mul(matmul(fitted, inverse), -size / (rank * scale)), compensated: false };
    });
}

/** N(0, 1/in) */
function usualA({ key, rank, shape }: DrawSite): Pick<Factors, 'A'> {
  const inputs = shape[1] as number;
  return { A: initializers.normal(fold(key, 'A'), [rank, inputs], 1 / Math.sqrt(inputs)) };
}
