import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  adafactor,
  chain,
  compress,
  crossEntropy,
  GPT,
  type GradientTransform,
  projectors,
  random,
  type Tensor,
  type Trainer,
  trainer,
} from '../../src/index';
import { allReduce, type Communicator, mpi } from '../../src/mpi';
import { nodeInterface } from './cluster';

/** The model that is trained, and what each rank computes a step. */
export interface Sizes {
  readonly width: number;
  readonly layers: number;
  readonly context: number;
  /** Windows of `context` tokens a rank and step. */
  readonly batch: number;
}

/** What a rank is to do. */
export interface Job {
  readonly sizes: Sizes;
  /** Numbers in the vectors whose sums are timed, and how often. */
  readonly sums: readonly number[];
  readonly repeats: number;
  /** Measured steps of each method; one more goes before. */
  readonly steps: number;
}

/** Rows of the projection: null sends whole gradients. At half the width half the bytes are left, for many times the computing. */
export const ranks = { dense: null, flora: 16, half: 128 } as const;
export type Method = keyof typeof ranks;
export const methods: readonly Method[] = ['dense', 'flora', 'half'];

/** A value for each method, one after the other. */
function eachOf<T>(make: (method: Method) => T): Record<Method, T> {
  return Object.fromEntries(methods.map((method) => [method, make(method)])) as Record<Method, T>;
}

/** One step, or one sum, on one rank. */
interface Sample {
  readonly seconds: number;
  /** Seconds of these in calls to other ranks. */
  readonly waited: number;
}
interface Trained {
  readonly samples: readonly Sample[];
  /** Payload of a step by the communicator's account, and what the interface sent. */
  readonly payloadBytes: number;
  readonly sentBytes: number;
  /** Sums over ranks in a step. */
  readonly sums: number;
  /** Numbers that a step sums over ranks. */
  readonly floats: number;
}
export interface Found {
  readonly parameters: number;
  /** Seconds of a sum of each of the lengths, as `timeOf` takes them. */
  readonly sums: readonly number[];
  readonly trained: Readonly<Record<Method, Trained>>;
}

const vocabularySize = 96;

/** What a launched process does: find, and write it down. */
export async function runRank(job: Job, folder: string): Promise<void> {
  const comm = counted(await mpi());
  const sums = job.sums.map((length) => timeOf(comm, length, job.repeats));
  const trainings = eachOf((method) => training(comm, job.sizes, method));
  const parameters = Object.values(trainings.dense.parameters).reduce((sum, { size }) => sum + size, 0);
  for (const method of methods) await trainings[method].step({ step: 0 }).loss;
  // The methods take turns, so that what slows the machine down slows all of them.
  const samples = eachOf((): Sample[] => []);
  for (let step = 1; step <= job.steps; step++) {
    for (const method of methods) samples[method].push(await timed(comm, trainings[method], step));
  }
  const weights: Omit<Trained, 'samples'>[] = [];
  for (const method of methods) weights.push(await weighed(comm, trainings[method], job.steps));
  const trained = eachOf((method) => ({
    samples: samples[method],
    ...(weights[methods.indexOf(method)] as (typeof weights)[number]),
  }));
  const found: Found = { parameters, sums, trained };
  writeFileSync(join(folder, `${comm.rank}.json`), JSON.stringify(found));
}

/** A communicator that counts sums and the numbers in them. */
type Counted = Communicator & { readonly counts: { sums: number; floats: number } };
function counted(comm: Communicator): Counted {
  const counts = { sums: 0, floats: 0 };
  return Object.assign(Object.create(comm) as Communicator, {
    counts,
    sum(values: Float32Array) {
      counts.sums += 1;
      counts.floats += values.length;
      comm.sum(values);
    },
  });
}

/**
 * Seconds of one sum among many that follow each other: a link that has been idle lets the first bytes pass at any rate. The
 * least of the repeats, which nothing else on the machine has delayed.
 */
function timeOf(comm: Communicator, length: number, repeats: number): number {
  const values = new Float32Array(length);
  const count = Math.min(64, Math.ceil(2 ** 20 / length));
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    comm.barrier();
    const start = performance.now();
    for (let j = 0; j < count; j++) comm.sum(values);
    times.push((performance.now() - start) / 1000 / count);
  }
  return Math.min(...times);
}

type Batch = { readonly step: number };
type Training = Trainer<unknown, Batch>;

/** The model, and its loss on the windows of a step and a rank. */
export function modelOf({ width, layers, context, batch }: Sizes) {
  const model = new GPT({ vocabularySize, width, layers, context, heads: 4, key: random.key(0) });
  const loss = (step: number, rank: number): Tensor => {
    const key = random.fold(random.key(7), 'batch', step, rank);
    const ids = random.integers(key, [batch, context + 1], { low: 0, high: vocabularySize });
    return crossEntropy(model.forward(ids.slice([0, 0], [batch, context])), ids.slice([0, 1], [batch, context + 1]));
  };
  return { model, loss };
}

function training(comm: Communicator, sizes: Sizes, method: Method): Training {
  const { model, loss } = modelOf(sizes);
  const transform = transformOf(comm, method);
  return trainer({ model, transform, loss: ({ step }: Batch) => loss(step, comm.rank), seed: 0 });
}

/** Whole gradients over the wire, or compressed ones by a new projection in each step. */
function transformOf(comm: Communicator, method: Method): GradientTransform<unknown> {
  const optimizer = adafactor({ learningRate: 1e-3 });
  const rank = ranks[method];
  if (rank === null) return chain(allReduce(comm), optimizer);
  const inner = allReduce(comm);
  const { gaussian: projector } = projectors;
  return chain(compress({ projector, rank, inner, refreshEvery: 1, onRefresh: 'keep' }), optimizer);
}

async function timed(comm: Communicator, training: Training, step: number): Promise<Sample> {
  comm.barrier();
  const [start, before] = [performance.now(), comm.waited];
  await training.step({ step }).loss;
  return { seconds: (performance.now() - start) / 1000, waited: comm.waited - before };
}

/** Bytes of as many steps again, by the communicator's account and by the interface's counter. */
async function weighed(comm: Counted, training: Training, steps: number): Promise<Omit<Trained, 'samples'>> {
  comm.barrier();
  const [bytes, sent, { sums, floats }] = [comm.bytes, sentBytes(), { ...comm.counts }];
  for (let step = 1; step <= steps; step++) await training.step({ step }).loss;
  const payloadBytes = (comm.bytes - bytes) / steps;
  comm.barrier();
  return {
    payloadBytes,
    sentBytes: (sentBytes() - sent) / steps,
    sums: (comm.counts.sums - sums) / steps,
    floats: (comm.counts.floats - floats) / steps,
  };
}

function sentBytes(): number {
  return Number(readFileSync(`/sys/class/net/${nodeInterface}/statistics/tx_bytes`, 'utf8'));
}

export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
