import { checkArgument, readOptions, refuseExtra } from '../base/options';
import { chain } from '../optim/combinators/chain';
import { type ErrorFeedbackState, errorFeedback } from '../optim/combinators/error-feedback';
import { masked } from '../optim/combinators/masked';
import { passes } from '../optim/filter';
import {
  largerThan,
  type PowerSgdOptions,
  type PowerSgdState,
  powerIterated,
  powerSgdOptions,
} from '../optim/parts/power-sgd';
import { type GradientTransform, mapParams } from '../optim/transform';
import { div } from '../tensor/ops/elementwise/div';
import { type AllReduceState, allReduce, overRanks } from './all-reduce';
import { type Communicator, communicatorKind } from './communicator';

/** What PowerSGD keeps of the matrices on this rank, and what the mean of all other parameters keeps. */
export type PowerSgdOverRanksState = readonly [ErrorFeedbackState<PowerSgdState>, AllReduceState];

/**
 * PowerSGD over ranks: the mean gradient of all ranks to rank r, for r·(n + m) numbers a matrix sent in two rounds, with
 * error feedback on each rank. Parameters that are no such matrices have their exact mean, as by `allReduce`. More
 * accurate than a random projection of the same rank, for an error memory of the size of the matrices.
 *
 * The error memory is this rank's own: of a checkpoint that rank 0 saves, the other ranks' parts are lost.
 * @throws OptionError `options/…`
 * @throws ShapeError `mpi/unequal`
 * @see Vogels, Karimireddy and Jaggi, "PowerSGD: practical low-rank gradient compression for distributed optimization",
 * NeurIPS 2019, arXiv 1905.13727, Algorithms 1 and 2.
 */
export function powerSgd(comm: Communicator, options: PowerSgdOptions): GradientTransform<PowerSgdOverRanksState> {
  if (arguments.length > 2) refuseExtra('powerSgd', arguments, 2);
  checkArgument('powerSgd', 'comm', communicatorKind, comm);
  const { rank, seed, filter = largerThan(rank) } = readOptions('powerSgd', powerSgdOptions, options);
  const mean: Parameters<typeof powerIterated>[2] = (own) =>
    mapParams(overRanks(comm, own), (sum) => div(sum, comm.size));
  return {
    ...chain(
      masked(errorFeedback(powerIterated(rank, seed, mean)), (path, tensor) => passes(filter, path, tensor)),
      masked(allReduce(comm), (path, tensor) => !passes(filter, path, tensor)),
    ),
    leafwise: false, // ranks have to take all matrices in the same order
  };
}
