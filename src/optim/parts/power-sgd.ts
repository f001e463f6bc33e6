import { fold, key, seedKind } from '../../base/key';
import { type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { qr } from '../../tensor/linalg/qr';
import { matmul } from '../../tensor/ops/products/matmul';
import { random } from '../../tensor/ops/random/random';
import type { Params } from '../../tensor/tensor';
import { type ErrorFeedbackState, errorFeedback } from '../combinators/error-feedback';
import { masked } from '../combinators/masked';
import { type Filter, filterKind, passes } from '../filter';
import { leafOf } from '../leaf';
import { type GradientTransform, mapParams, transform } from '../transform';

export const powerSgdOptions = {
  /** Columns of P and Q, r; a matrix with fewer rows or columns takes as many as it has. */
  rank: required(whole({ low: 1 })),
  /** Which parameters are matrices to approximate (default: those with more rows and columns than the rank). */
  filter: optional<Filter>(filterKind),
  /** What the first Q of each matrix is drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** The rank, and what has one. */
export interface PowerSgdOptions extends OptionsOf<typeof powerSgdOptions> {}

/** What PowerSGD keeps of the matrices. */
export interface PowerSgdState {
  /** Q [m, r] of each, where the next power iteration starts. */
  readonly bases: Params;
}

/**
 * PowerSGD's gradients: the rank-r approximation that one power iteration gives, which starts where the last one ended,
 * with error feedback. Other gradients pass through as they are.
 *
 *     M = G + E        P ← orthonormal columns of M·Q        Q ← Mᵀ·P        Ĝ = P·Qᵀ        E ← M − Ĝ
 *
 * Workers send M·Q and Q in place of G, r·(n + m) numbers, and average them; this is what one worker does, so that the
 * loss of quality can be seen without a network. `powerSgd` of `floragrad/mpi` sends them. Put it before an optimizer: `chain(powerSgd({ rank: 4 }), sgd(…))`.
 * State of a matrix [n, m]: r·m floats of Q and n·m of E. Pitfalls: a step is a QR factorization of [n, r] on the CPU;
 * gradients that are not finite are an error.
 * @throws ShapeError `linalg/not-a-matrix` for a filter that lets other shapes through
 * @throws StateError `linalg/non-finite`
 * @see Vogels, Karimireddy and Jaggi, "PowerSGD: practical low-rank gradient compression for distributed optimization",
 * NeurIPS 2019, arXiv 1905.13727, Algorithms 1 and 2.
 */
export function powerSgd(options: PowerSgdOptions): GradientTransform<ErrorFeedbackState<PowerSgdState>> {
  if (arguments.length > 1) refuseExtra('powerSgd', arguments, 1);
  const { rank, seed, filter = largerThan(rank) } = readOptions('powerSgd', powerSgdOptions, options);
  return masked(errorFeedback(powerIterated(rank, seed, alone)), (path, tensor) => passes(filter, path, tensor));
}

/** The mean of a record of tensors over all workers. */
export type MeanOverWorkers = (own: Params) => Params;

const alone: MeanOverWorkers = (own) => own;

export function largerThan(rank: number): Filter {
  return (_, { shape }) =>
    (shape.length === 2 && shape.every((extent) => extent > rank)) || `no matrix of a rank above ${rank}`;
}

/** P·Qᵀ of each gradient, where P and Q are means over workers: all of them have the same P·Qᵀ. */
export function powerIterated(most: number, seed: number, mean: MeanOverWorkers): GradientTransform<PowerSgdState> {
  const first = (shape: readonly number[], path: string) => {
    const columns = shape[1] ?? 1; // what has no second axis fails in the product
    return random.normal(fold(key(seed), path, 'powerSgd'), [columns, Math.min(most, ...shape)]);
  };
  return transform<PowerSgdState>({
    name: 'powerSgd',
    leafwise: true,
    init: (params) => ({ bases: mapParams(params, ({ shape }, path) => first(shape, path)) }),
    update(grads, { bases }) {
      const images = mean(mapParams(grads, (m, path) => matmul(m, leafOf('powerSgd', bases, path)))); // M·Q [n, r]
      const p = mapParams(images, (image) => qr(image).q);
      const q = mean(mapParams(grads, (m, path) => matmul(m, leafOf('powerSgd', p, path), { transposeA: true }))); // [m, r]
      const approximations = mapParams(q, (right, path) =>
        matmul(leafOf('powerSgd', p, path), right, { transposeB: true }),
      );
      return [approximations, { bases: { ...bases, ...q } }];
    },
  });
}
