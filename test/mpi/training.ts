import { createHash } from 'node:crypto';
import {
  accumulate,
  adafactor,
  chain,
  compress,
  crossEntropy,
  ema,
  flora,
  floraAccumulate,
  GPT,
  type GradientTransform,
  projectors,
  random,
  setBackend,
  trainer,
  wasmBackend,
} from '../../src/index';
import { allReduce, type Communicator } from '../../src/mpi';

/** What is trained in a test, and how its gradients come together. */
export interface Run {
  /** Gradients of a step on all ranks together. */
  readonly shards: number;
  readonly steps: number;
  readonly method: 'dense' | 'flora' | 'compressed' | 'algorithm 1';
}

/** One optimizer behind the sum over ranks, or behind the same sum in one process. */
function optimizer({ method, shards }: Run, comm: Communicator | null): GradientTransform<unknown> {
  const own = { learningRate: 0.02 };
  const summed = <S>(inner: GradientTransform<S>): GradientTransform<unknown> =>
    comm ? chain(allReduce(comm, { shards }), inner) : accumulate(shards, inner);
  if (method === 'dense') return summed(adafactor(own));
  if (method === 'flora') return summed(flora({ ...own, rank: 4, refreshEvery: 2, seed: 1 }));
  if (method === 'algorithm 1') {
    const inside = { rank: 4, seed: 1 };
    if (comm === null) return floraAccumulate({ ...inside, steps: shards, inner: adafactor(own) });
    const drawn = { ...inside, projector: projectors.gaussian, refreshEvery: 1, onRefresh: 'keep' as const };
    return chain(compress({ ...drawn, inner: allReduce(comm, { shards }) }), adafactor(own));
  }
  const sum = allReduce(comm as Communicator, { shards });
  const inner = chain(sum, ema({ decay: 0.9 }));
  const inside = { projector: projectors.gaussian, rank: 4, refreshEvery: 2, seed: 1 };
  return chain(compress({ ...inside, inner, onRefresh: 'transfer' }), adafactor(own));
}

/** Train a small GPT, each shard of a step from a batch of its own; sha256 of the parameters after the last step. */
export async function train(run: Run, comm: Communicator | null): Promise<string> {
  setBackend(wasmBackend({ build: 'baseline' }));
  const { shards, steps } = run;
  const [rank, size] = comm ? [comm.rank, comm.size] : [0, 1];
  const model = new GPT({ vocabularySize: 12, context: 8, width: 16, heads: 2, layers: 1, key: random.key(0) });
  const training = trainer({
    model,
    transform: optimizer(run, comm),
    loss: (shard: { step: number; index: number }) => {
      const key = random.fold(random.key(7), 'batch', shard.step, shard.index);
      const ids = random.integers(key, [2, 9], { low: 0, high: 12 });
      return crossEntropy(model.forward(ids.slice([0, 0], [2, 8])), ids.slice([0, 1], [2, 9]));
    },
    seed: 0,
  });
  const own = shards / size;
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < own; i++) await training.step({ step, index: rank * own + i }).loss;
  }
  const digest = createHash('sha256');
  for (const tensor of Object.values(model.parameters())) digest.update(new Uint8Array((await tensor.data()).buffer));
  return digest.digest('hex').slice(0, 16);
}
