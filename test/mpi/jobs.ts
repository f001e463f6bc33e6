import { tensor } from '../../src/index';
import { allReduce, type Communicator } from '../../src/mpi';
import { type Run, train } from './training';

/** Values of one rank, of different sizes, so that the order of additions shows in the last bits. */
export function valuesOf(rank: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(1 + rank * 7919 + i * 31) * 10 ** ((rank + i) % 4));
}

/** What ranks do in tests. */
export const jobs = {
  train: async (comm: Communicator, run: Run) => train(run, comm),

  /** The sum of vectors of these lengths, and the bytes that it took. */
  async sum(comm: Communicator, lengths: readonly number[]) {
    const sums = lengths.map((length) => {
      const values = valuesOf(comm.rank, length);
      comm.sum(values);
      return Array.from(values);
    });
    return { sums, bytes: comm.bytes };
  },

  /** What each rank has after a broadcast of rank 1's bytes, and the ranks that a gathering finds. */
  async passing(comm: Communicator, length: number) {
    const bytes = new Uint8Array(length).fill(comm.rank + 1);
    comm.broadcast(bytes, 1);
    comm.barrier();
    const all = comm.gather(Uint8Array.of(comm.rank, 10 * comm.rank));
    return { same: bytes.every((byte) => byte === 2), all: all.map((one) => Array.from(one)) };
  },

  /** A gradient whose shape differs on the last rank. */
  async unequal(comm: Communicator) {
    const last = comm.rank === comm.size - 1;
    const grads = { bias: tensor([1, 2]), weight: last ? tensor([[1, 2, 3]]) : tensor([[1, 2]]) };
    const sum = allReduce(comm);
    sum.update(grads, sum.init(grads), grads);
    return 'no error';
  },

  /** Rank 1 throws outside any promise while the others wait for it. */
  async leaving(comm: Communicator) {
    if (comm.rank === 1) {
      setTimeout(() => {
        throw new Error('rank 1 is at fault');
      });
      return new Promise(() => {});
    }
    comm.barrier();
    return 'went on';
  },

  /** Rank 1 throws in its second sum. */
  async throwing(comm: Communicator) {
    comm.sum(new Float32Array(3));
    if (comm.rank === 1)
      setTimeout(() => {
        throw new Error('rank 1 is at fault');
      });
    await new Promise((resolve) => setTimeout(resolve, 50));
    comm.sum(new Float32Array(3));
    return 'went on';
  },
} as const;
