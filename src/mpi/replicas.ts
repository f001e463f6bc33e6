import { StateError } from '../base/errors';
import { checkArgument, refuseExtra } from '../base/options';
import { show } from '../base/shape';
import { crc32 } from '../io/crc32';
import { assignAll } from '../tensor/assign';
import { checkParams } from '../tensor/check';
import { noGrad } from '../tensor/derivatives/no-grad';
import { tensor } from '../tensor/ops/create';
import type { Params } from '../tensor/tensor';
import { type Communicator, communicatorKind } from './communicator';
import { othersThan, unequal } from './unequal';

/**
 * Give every rank the values of rank 0, so that all begin as one. Blocks; all ranks call it.
 * @throws ShapeError `mpi/unequal` on every rank where ranks have other parameters or shapes
 */
export async function broadcastParams(comm: Communicator, params: Params): Promise<void> {
  if (arguments.length > 2) refuseExtra('broadcastParams', arguments, 2);
  checkArgument('broadcastParams', 'comm', communicatorKind, comm);
  checkParams('broadcastParams', 'params', params);
  const paths = Object.keys(params).sort();
  checkSame(comm, paths.map((path) => `${path} ${params[path]?.dtype} ${show(params[path]?.shape ?? [])}`).join('; '));
  for (const path of paths) {
    const parameter = params[path] as Params[string];
    const values = await parameter.data();
    comm.broadcast(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    if (comm.rank > 0) noGrad(() => assignAll([[parameter, tensor(values, { shape: parameter.shape })]]));
  }
}

/**
 * A number that tells whether ranks still have the same bits: equal on all of them, or an error that names the ranks.
 * @throws StateError `mpi/diverged` on every rank
 */
export async function checkReplicas(comm: Communicator, params: Params): Promise<number> {
  if (arguments.length > 2) refuseExtra('checkReplicas', arguments, 2);
  checkArgument('checkReplicas', 'comm', communicatorKind, comm);
  checkParams('checkReplicas', 'params', params);
  let digest = 0;
  for (const path of Object.keys(params).sort()) {
    const values = await (params[path] as Params[string]).data();
    digest = crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), digest);
  }
  const other = othersThan(comm, digest);
  if (other.length > 0) throw diverged(other);
  return digest;
}

/** Values of other shapes may be as many, and would be taken for parameters that they are not. */
function checkSame(comm: Communicator, leaves: string): void {
  const other = othersThan(comm, crc32(new TextEncoder().encode(leaves)));
  if (other.length === 0) return;
  throw unequal(
    `broadcastParams got other parameters or shapes on rank ${other.join(', ')} than on rank 0; rank ${comm.rank} has ${leaves}`,
    'the same parameters in the same shapes on all ranks',
    'make the same model on every rank',
  );
}

function diverged(ranks: readonly number[]): StateError {
  return new StateError({
    code: 'mpi/diverged',
    got: `the parameters of rank ${ranks.join(', ')} are not those of rank 0`,
    expected: 'the same bits on all ranks, since all take the same updates from the same values',
    fix: 'call broadcastParams before the first step, give all ranks the same seeds, and put allReduce before what steps',
  });
}
