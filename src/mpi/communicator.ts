import { BackendError, OptionError, StateError } from '../base/errors';
import { checkArgument, inMessage, type Kind, kindOf, whole } from '../base/options';
import { addBlocks } from './orders';
import { checkLengths } from './unequal';

/**
 * In which order a sum over ranks is added up. Floating-point addition is not associative, so the order decides on bits:
 * `sequence` adds rank 0, 1, 2, …, which are the bits of `accumulate(size)` or `floraAccumulate` in one process; `tree` adds
 * neighbours, then neighbouring pairs, whose bits do not depend on the number of ranks that share the leaves of the tree;
 * `library` is what MPI does, which differs between libraries and numbers of ranks.
 */
export type Order = 'tree' | 'sequence' | 'library';

/** The ranks of one run, seen from one of them. All calls block, and all ranks make the same calls in the same order. */
export interface Communicator {
  /** This rank, from 0. */
  readonly rank: number;
  /** Ranks in all. */
  readonly size: number;
  /** How `sum` adds. */
  readonly order: Order;
  /** Payload that this rank has sent, in bytes: for a sum of S bytes 2·(size − 1)/size·S, as a ring needs. */
  readonly bytes: number;
  /** Seconds that this rank has spent in calls to the others: for slower ranks as well as for the network. */
  readonly waited: number;
  /** Put the sum over all ranks in place of the values, of which every rank has the same number. */
  sum(values: Float32Array): void;
  /** Put what `root` (default 0) has there in place of the bytes, of which every rank has the same number. */
  broadcast(values: Uint8Array, root?: number): void;
  /** What each rank gave, in the order of ranks; all give the same number of bytes, less than 2 GiB. */
  gather(values: Uint8Array): Uint8Array[];
  /** Wait until all ranks are here. */
  barrier(): void;
  /** End all ranks now, with this status from 1 to 255 (default 1). */
  abort(code?: number): never;
  /** The last call: after it this rank has no part in the run. All ranks make it, and wait for each other. */
  finalize(): void;
}

/** MPI counts in an int, and koffi hands on the lowest 32 bits of a larger number: what is longer goes in parts. */
const mostBytes = 2 ** 30;

/** What carries bytes between ranks: MPI, or memory that threads share. */
export interface Transport {
  readonly rank: number;
  readonly size: number;
  /** Equal blocks: the i-th of `send` goes to rank i, and the j-th of `receive` came from rank j. */
  allToAll(send: Float32Array, receive: Float32Array): void;
  /** What every rank gave, one after the other. */
  allGather(own: Uint8Array, all: Uint8Array): void;
  broadcast(bytes: Uint8Array, root: number): void;
  barrier(): void;
  abort(code: number): never;
  finalize(): void;
  /** The library's own sum, in place, where there is a library. */
  allReduce?(values: Float32Array): void;
}

/** What a communicator is. */
export const communicatorKind: Kind<Communicator> = kindOf<Communicator>(
  'a communicator, such as `await mpi()` returns',
  (value) => {
    const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
    const calls = ['sum', 'broadcast', 'gather', 'barrier'].every((name) => typeof fields[name] === 'function');
    return calls && Number.isInteger(fields.rank) && Number.isInteger(fields.size);
  },
);

/** What a launcher hands on of a process that has failed: of other numbers the lowest eight bits, and 0 would be success. */
const statusKind = whole({ low: 1, high: 255 });

/** The calls of a communicator, made of what a transport carries. */
export function communicator(transport: Transport, order: Order): Communicator {
  const { rank, size } = transport;
  let sent = 0;
  let waited = 0;
  let finalized = false;
  const checkOpen = (): void => {
    if (finalized) throw ended(rank);
  };
  const timed = (call: () => void): void => {
    const start = performance.now();
    call();
    waited += (performance.now() - start) / 1000;
  };
  /** A broadcast of unequal lengths is no error in Open MPI: some ranks would keep what they had. */
  const checkLength = (bytes: number): void => {
    const all = new Float64Array(size);
    timed(() => transport.allGather(bytesOf(Float64Array.of(bytes)), bytesOf(all)));
    checkLengths('broadcast', Array.from(all));
  };
  const others = (bytes: number): number => bytes * (size - 1);
  const sumPart = (values: Float32Array): void => {
    if (order === 'library' && transport.allReduce) {
      const reduce = transport.allReduce;
      timed(() => reduce(values));
      sent += (2 * others(values.byteLength)) / size;
      return;
    }
    // Each rank adds up one block of the vector, and hands the sum to all: as many bytes as a ring sends.
    const shared = paddedTo(size, values);
    const received = new Float32Array(shared.length);
    timed(() => transport.allToAll(shared, received));
    const block = addBlocks(received, size, order === 'sequence' ? 'sequence' : 'tree');
    timed(() => transport.allGather(bytesOf(block), bytesOf(shared)));
    if (shared !== values) values.set(shared.subarray(0, values.length));
    sent += 2 * others(block.byteLength);
  };
  return {
    rank,
    size,
    order,
    get bytes() {
      return sent;
    },
    get waited() {
      return waited;
    },
    sum(values) {
      checkFloats(values);
      checkOpen();
      if (size === 1) return;
      for (const part of partsOf(values, mostBytes / 4)) sumPart(part);
    },
    broadcast(values, root = 0) {
      checkBytes('broadcast', values);
      checkRoot(root, size);
      checkOpen();
      if (size === 1) return;
      checkLength(values.byteLength);
      for (const part of partsOf(values, mostBytes)) timed(() => transport.broadcast(part, root));
      if (rank === root) sent += others(values.byteLength);
    },
    gather(values) {
      checkBytes('gather', values);
      if (values.byteLength >= 2 * mostBytes) throw tooLong(values.byteLength);
      checkOpen();
      const all = new Uint8Array(values.byteLength * size);
      if (size === 1) all.set(values);
      else timed(() => transport.allGather(values, all));
      sent += others(values.byteLength);
      return Array.from({ length: size }, (_, i) => all.slice(i * values.byteLength, (i + 1) * values.byteLength));
    },
    barrier() {
      checkOpen();
      timed(() => transport.barrier());
    },
    abort(code = 1) {
      checkArgument('abort', 'code', statusKind, code);
      return transport.abort(code);
    },
    finalize() {
      finalized = true;
      transport.finalize();
    },
  };
}

/** The values in runs of at most `most`, in their order; nothing for no values. */
function* partsOf<Values extends Float32Array | Uint8Array>(values: Values, most: number): Generator<Values> {
  for (let at = 0; at < values.length; at += most) yield values.subarray(at, at + most) as Values;
}

/** The values, or a copy with zeros after it, so that ranks have equal blocks. */
function paddedTo(size: number, values: Float32Array): Float32Array {
  const rest = values.length % size;
  if (rest === 0) return values;
  const padded = new Float32Array(values.length + size - rest);
  padded.set(values);
  return padded;
}

function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function checkFloats(values: unknown): void {
  if (!(values instanceof Float32Array)) throw wrong('sum', 'a Float32Array', values);
}

function checkBytes(where: string, values: unknown): void {
  if (!(values instanceof Uint8Array)) throw wrong(where, 'a Uint8Array', values);
}

function checkRoot(root: unknown, size: number): void {
  if (!Number.isInteger(root) || (root as number) < 0 || (root as number) >= size)
    throw wrong('broadcast', `a rank from 0 to ${size - 1}`, root);
}

function wrong(where: string, expected: string, got: unknown): OptionError {
  return new OptionError({
    code: 'options/type',
    got: `${where} got ${inMessage(got)}`,
    expected,
    fix: 'pass the values of all ranks in the same form',
  });
}

function tooLong(bytes: number): BackendError {
  return new BackendError({
    code: 'mpi/too-long',
    got: `gather got ${bytes} bytes`,
    expected: 'less than 2 GiB of each rank, which MPI can count',
    fix: 'gather them in parts',
  });
}

function ended(rank: number): StateError {
  return new StateError({
    code: 'mpi/finalized',
    got: `rank ${rank} called the others after finalize`,
    expected: 'no call after it: the rank has no part in the run any more',
    fix: 'call finalize last, or not at all: a program that ends by itself does it',
  });
}
