import type { Params } from '../../index';
import { type Communicator, checkReplicas } from '../../mpi';

/**
 * Eight hexadecimal digits of the parameters, which are the same for the same bits.
 * @throws StateError `mpi/diverged` where ranks have others
 */
export async function digestOf(comm: Communicator, parameters: Params): Promise<string> {
  return (await checkReplicas(comm, parameters)).toString(16).padStart(8, '0');
}
