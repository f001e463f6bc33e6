import { digestOf } from '../../src/cli/ranks/digest';
import { stepper } from '../../src/cli/ranks/stepper';
import { sharedValidation } from '../../src/cli/ranks/validation';
import { overWire } from '../../src/cli/ranks/wire';
import type { TextBatch } from '../../src/data/text-dataset';
import { adamw, chain, crossEntropy, GPT, mul, random, sgd, sum, TextDataset, tensor, zeros } from '../../src/index';
import { allReduce, broadcastParams, type Communicator, mpi } from '../../src/mpi';
import type { ForwardOptions } from '../../src/nn';
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

  /** Calls whose values are longer on the last rank, one after the other; what came of each. */
  async uneven(comm: Communicator, calls: readonly ('sum' | 'gather' | 'broadcast')[]) {
    const length = comm.rank === comm.size - 1 ? 24 : 4;
    return calls.map((call) => {
      try {
        if (call === 'sum') comm.sum(new Float32Array(length));
        else comm[call](new Uint8Array(length));
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return 'no error';
    });
  },

  /** Parameters of other shapes on the last rank; what came of each. */
  async otherParams(comm: Communicator, shapes: readonly (readonly number[])[]) {
    const codes: unknown[] = [];
    for (const shape of shapes) {
      const w = zeros(comm.rank === comm.size - 1 ? shape : [2, 3]);
      codes.push(await broadcastParams(comm, { w }).catch(({ code }: { code: string }) => code));
    }
    return codes.map(String);
  },

  /** Another opening of MPI. */
  async twice() {
    return mpi().catch(({ code }: { code: string }) => code);
  },

  /** A training as the command does it: a GPT with dropout, its losses, its evaluation and its digest. */
  async stepped(
    comm: Communicator,
    { shards, steps, wire }: { shards: number; steps: number; wire: 'dense' | 'flora' },
  ) {
    const tokens = random.integers(random.key(3), [400], { low: 0, high: 12 }).dataSync() as Int32Array;
    const dataset = new TextDataset(tokens, { batch: 4, context: 8, validationBatches: 3, validationFraction: 0.5 });
    const sizes = { vocabularySize: 12, context: 8, width: 8, heads: 2, layers: 1 };
    const model = new GPT({ ...sizes, dropout: 0.2, key: random.key(0) });
    const sharing = { comm, shards, wire, wireRank: 2 };
    const loss = ({ ids, targets }: TextBatch, options: ForwardOptions = {}) =>
      crossEntropy(model.forward(ids, options), targets);
    const transform = overWire(adamw({ learningRate: 0.01 }), sharing, 5);
    const { step } = stepper({ model, transform, loss, seed: 5 }, sharing);
    const losses: number[] = [];
    for (let at = 1; at <= steps; at++) losses.push(await step(dataset.trainBatch(random.key(at)), at));
    const validation = await sharedValidation((batch: TextBatch) => loss(batch), dataset.validationBatches(), sharing);
    const waits = comm.waited > 0;
    return { losses, validation, digest: await digestOf(comm, model.parameters()), waits };
  },

  /** A training of the command whose loss is not finite for the last shard of a step; how many steps each rank has taken. */
  async spoiled(comm: Communicator, { shards, spoilt }: { shards: number; spoilt: number }) {
    const w = tensor([1]);
    const { step } = stepper(
      {
        params: { w },
        transform: chain(allReduce(comm, { shards }), sgd({ learningRate: 0.1 })),
        // The last window of the batch is the last shard's.
        loss: ({ ids }) => sum(mul(w, ids.dataSync()[0] === shards * spoilt ? Number.NaN : 1)),
        seed: 0,
      },
      { comm, shards, wire: 'dense', wireRank: 1 },
    );
    let taken = 0;
    try {
      for (taken = 0; taken < 10; taken++) {
        const ids = tensor(Array.from({ length: shards }, (_, i) => [(i + 1) * (taken + 1)])).cast('int32');
        await step({ ids, targets: ids }, taken + 1);
      }
    } catch (error) {
      return { taken, code: (error as { code?: string }).code, w: w.dataSync()[0] };
    }
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
