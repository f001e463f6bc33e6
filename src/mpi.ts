// The door of `floragrad/mpi`. koffi, which calls MPI, is loaded when a communicator is asked for.

export { type AllReduceOptions, type AllReduceState, allReduce } from './mpi/all-reduce';
export type { Communicator, Order } from './mpi/communicator';
export { abandon, type InProcessOptions, inProcess, type Seat, takeSeat } from './mpi/in-process';
export { type MpiOptions, mpi } from './mpi/mpi';
export { type PowerSgdOverRanksState, powerSgd } from './mpi/power-sgd';
export { broadcastParams, checkReplicas } from './mpi/replicas';
export { gatherNumbers, ownShards } from './mpi/shards';
