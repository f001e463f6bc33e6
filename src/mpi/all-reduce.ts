import { BackendError, type ShapeError } from '../base/errors';
import { fold, key } from '../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../base/options';
import { show } from '../base/shape';
import { isEmpty, leafOf } from '../optim/leaf';
import { type Given, type GradientTransform, mapParams, transform } from '../optim/transform';
import { changed } from '../tensor/in-place';
import { zeros } from '../tensor/ops/create';
import { add } from '../tensor/ops/elementwise/add';
import { div } from '../tensor/ops/elementwise/div';
import { concat } from '../tensor/ops/movement/concat';
import { reshape } from '../tensor/ops/movement/reshape';
import { split } from '../tensor/ops/movement/slice';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { type Communicator, communicatorKind } from './communicator';
import { checkShards } from './shards';
import { unequal } from './unequal';

const allReduceOptions = {
  /**
   * Gradients of one step on all ranks together: each rank hands over shards/size of them, one after the other (default:
   * one a rank). A power of two that the number of ranks divides; bits are then those of any other number of ranks.
   */
  shards: optional(whole({ low: 1 })),
};

/** Into how many gradients a step is cut. */
export interface AllReduceOptions extends OptionsOf<typeof allReduceOptions> {}

/** The state of `allReduce`. */
export interface AllReduceState {
  /** Gradients of the step so far. */
  readonly count: number;
  /**
   * Sums of neighbouring gradients, the finished parts of the tree, from the largest down. Empty between steps, so that what
   * is saved there goes on with any number of ranks.
   */
  readonly sums: readonly Params[];
}

/**
 * The mean of the gradients of all ranks, on every rank: data-parallel training, where each rank has its part of a batch.
 * Linear, so that it may stand before an optimizer, or inside `compress`, where it sends compressed gradients:
 * mean(G)·Aᵀ = mean(G·Aᵀ), which is Algorithm 1 of Flora over ranks in place of time.
 *
 * With more shards than ranks it sums its own along the same tree first, and returns no leaf before the last of them, as
 * `accumulate` does. Around it `compress` keeps its projection until then, and goes up with the mean.
 * @throws OptionError `mpi/shards`, `options/…`
 * @throws ShapeError `mpi/unequal` on every rank where ranks have other leaves or shapes
 * @throws BackendError `mpi/backend` for tensors on a GPU that answers later
 * @example
 * const comm = takeSeat(inProcess(1)[0] as Seat); // await mpi() in a program that mpiexec starts
 * const optimizer = chain(allReduce(comm), adam({ learningRate: 1e-3 }));
 * console.log(optimizer.name?.slice(0, 19)); // prints chain(allReduce(1),
 */
export function allReduce(comm: Communicator, options: AllReduceOptions = {}): GradientTransform<AllReduceState> {
  if (arguments.length > 2) refuseExtra('allReduce', arguments, 2);
  checkArgument('allReduce', 'comm', communicatorKind, comm);
  const { shards = comm.size } = readOptions('allReduce', allReduceOptions, options);
  const own = shards / comm.size;
  checkShards(shards, comm);
  const empty: AllReduceState = { count: 0, sums: [] };
  const pool = (given: readonly Given<AllReduceState>[]): [Params, AllReduceState][] => {
    // No gradient is no step, if all ranks have none; the others would wait for this one.
    if (given.every(([grads]) => isEmpty(grads))) checkEqual(comm, '');
    const states = given.map(([grads, state]) => (isEmpty(grads) ? state : withGradient(state, grads)));
    const ended = states.map(({ count, sums }) => (count === own ? (sums[0] as Params) : {}));
    const total: Params = Object.fromEntries(ended.flatMap((leaves) => Object.entries(leaves)));
    const means = isEmpty(total) ? {} : mapParams(overRanks(comm, total), (leaf) => div(leaf, shards));
    return states.map((state, i) => {
      const of = ended[i] as Params;
      return isEmpty(of) ? [{}, state] : [mapParams(of, (_, path) => leafOf('allReduce', means, path)), empty];
    });
  };
  return transform<AllReduceState>({
    name: `allReduce(${shards})`,
    linear: true,
    pool,
    init: () => empty,
    update: (grads, state) => pool([[grads, state]])[0] as [Params, AllReduceState],
  });
}

/** As in a binary counter: 4 = 100 in binary, so the fourth gradient ends a sum of two and then one of four. */
function withGradient(state: AllReduceState, grads: Params): AllReduceState {
  const count = state.count + 1;
  const sums = [...state.sums, grads];
  for (let ended = count; ended % 2 === 0; ended /= 2) sums.push(plus(...(sums.splice(-2) as [Params, Params])));
  return { count, sums };
}

/** The sums over ranks of all leaves, on every rank, which travel as one vector: a message for each would cost its latency. */
export function overRanks(comm: Communicator, leaves: Params): Params {
  const paths = Object.keys(leaves).sort();
  checkEqual(comm, paths.map((path) => `${path} ${show(leaves[path]?.shape ?? [])}`).join('; '));
  return runInScope('allReduce', () => {
    const parts = paths.map((path) => reshape(leaves[path] as Tensor, [-1]));
    const lengths = parts.map(({ size }) => size);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    // With a length that ranks can share the sum needs no copy for padding.
    const rest = (comm.size - (total % comm.size)) % comm.size;
    const vector = inPlace(comm, concat([...parts, zeros([rest])]));
    const sums = split(vector, [...lengths, rest]);
    return Object.fromEntries(
      paths.map((path, i) => [path, reshape(sums[i] as Tensor, (leaves[path] as Tensor).shape)]),
    );
  });
}

function inPlace(comm: Communicator, fresh: Tensor): Tensor {
  try {
    return changed(fresh, (values) => comm.sum(values));
  } catch (error) {
    if (error instanceof BackendError && error.code === 'read/sync') throw unreadable(fresh.value.backend.name);
    throw error;
  }
}

/** The sum of both; a leaf that is absent from one of them counts as zero there. */
function plus(a: Params, b: Params): Params {
  return mapParams({ ...a, ...b }, (either, path) => {
    const [x, y] = [a[path], b[path]];
    return x && y ? add(x, y) : either;
  });
}

/** Ranks that sum different things would end in MPI's own words, or not at all. Eight bytes tell, in all steps but the last. */
function checkEqual(comm: Communicator, leaves: string): void {
  const hash = Uint32Array.from(fold(key(0), leaves));
  const hashes = comm.gather(new Uint8Array(hash.buffer)).map(String);
  if (hashes.every((one) => one === hashes[0])) return;
  const text = new TextEncoder().encode(leaves);
  const lengths = comm.gather(new Uint8Array(Uint32Array.of(text.length).buffer));
  const padded = new Uint8Array(Math.max(...lengths.map((bytes) => new Uint32Array(bytes.buffer)[0] as number)));
  padded.set(text);
  const all = comm.gather(padded).map((bytes) => new TextDecoder().decode(bytes).replace(/\0+$/, ''));
  const other = all.findIndex((text) => text !== all[0]);
  throw firstUnequal(comm, all[0] as string, all[other] as string, other);
}

function firstUnequal({ rank }: Communicator, first: string, second: string, other: number): ShapeError {
  const [a = [], b = []] = [first, second].map((text) => (text === '' ? [] : text.split('; ')));
  const at = (a.length > b.length ? a : b).findIndex((_, i) => a[i] !== b[i]);
  return unequal(
    `allReduce on rank ${rank} got ${a[at] ?? 'nothing more'} on rank 0 and ${b[at] ?? 'nothing more'} on rank ${other}`,
    'gradients of the same parameters in the same shapes on all ranks',
    'make the same model on every rank, and freeze the same parameters',
  );
}

function unreadable(backend: string): BackendError {
  return new BackendError({
    code: 'mpi/backend',
    got: `allReduce got gradients on the backend ${backend}, which cannot be read at once`,
    expected: 'gradients in memory that MPI reaches, as those of the backends wasm and reference are',
    fix: 'call setBackend(wasmBackend()) on every rank before the model is made',
  });
}
