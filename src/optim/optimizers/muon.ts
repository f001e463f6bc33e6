import {
  boolean,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../../base/options';
import { orthogonalize } from '../../tensor/linalg/orthogonalize';
import { mul } from '../../tensor/ops/elementwise/mul';
import { chain } from '../combinators/chain';
import { forMatrices, matricesOptions, ofMatrices } from '../for-matrices';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { ema } from '../parts/ema';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { rate } from '../schedules';
import { adamw } from './adamw';

const muonOptions = {
  /** η of the matrices, or a schedule of it; 0.02 is usual. */
  learningRate: required(rate),
  /** Weight of the past, β (default 0.95). */
  momentum: optional(number({ low: 0, high: 1 }), 0.95),
  /** Look one step ahead (default true). */
  nesterov: optional(boolean, true),
  /** Newton–Schulz steps (default 5). */
  steps: optional(whole({ low: 0 }), 5),
  /** Decoupled weight decay of the matrices, before the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  ...matricesOptions,
};

/** The options of Muon. */
export interface MuonOptions extends OptionsOf<typeof muonOptions> {}

/**
 * Muon: momentum, made orthogonal, so that each direction of a matrix moves as far.
 *
 *     m ← β·m + (1 − β)·G        u = β·m + (1 − β)·G, or m without Nesterov
 *     W ← (1 − η·decay)·W − η·√max(1, n/m)·linalg.orthogonalize(u)
 *
 * State of a matrix [n, m]: n·m floats. Other parameters get `otherwise`, by default
 * `adamw({ learningRate: 3e-4, beta1: 0.9, beta2: 0.95, epsilon: 1e-10, weightDecay: 0 })` with a rate that is constant.
 * Pitfalls: embeddings and the head are matrices too, and the authors leave them to AdamW: say so with `filter`. A kernel
 * [out, …rest] that a filter lets through counts as [out, rest]. The published code rounds to bfloat16 in the products,
 * here it is float32.
 * @throws OptionError `options/…`
 * @throws ShapeError `linalg/not-a-matrix` for a vector that the filter lets through
 * @see Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
 * @example
 * const model = new GPT({ vocabularySize: 16, context: 8, layers: 1, heads: 2, width: 8, key: random.key(0) });
 * const filter = (path: string, { ndim }: Tensor) => (ndim === 2 && path.startsWith('blocks.')) || 'no hidden matrix';
 * const [first] = explain(muon({ learningRate: 0.02, filter }), model.parameters());
 * console.log(first?.path, first?.reason.split(':')[0]); // prints tokenEmbedding.weight others
 */
export function muon(options: MuonOptions) {
  if (arguments.length > 1) refuseExtra('muon', arguments, 1);
  const { learningRate, momentum, nesterov, steps, weightDecay, filter, ...given } = readOptions(
    'muon',
    muonOptions,
    options,
  );
  const { otherwise = adamw({ learningRate: 3e-4, beta2: 0.95, epsilon: 1e-10, weightDecay: 0 }) } = given;
  const orthogonal = ofMatrices('orthogonalize', (u) => {
    const [n, m] = u.shape as readonly [number, number];
    return mul(orthogonalize(u, { steps }), Math.sqrt(Math.max(1, n / m)));
  });
  const matrices = chain(
    ema({ decay: momentum, nesterov }),
    orthogonal,
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
  return forMatrices(filter, matrices, otherwise);
}
