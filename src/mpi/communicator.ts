import { OptionError } from '../base/errors';
import { inMessage, type Kind, kindOf } from '../base/options';
import { addBlocks } from './orders';

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
  /** Put what `root` (default 0) has there in place of the bytes. */
  broadcast(values: Uint8Array, root?: number): void;
  /** What each rank gave, in the order of ranks; all give the same number of bytes. */
  gather(values: Uint8Array): Uint8Array[];
  /** Wait until all ranks are here. */
  barrier(): void;
  /** End all ranks now, with this status (default 1). */
  abort(code?: number): never;
  /** The last call: after it this rank has no part in the run. */
  finalize(): void;
}

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
  (value) =>
    ['sum', 'broadcast', 'gather', 'barrier'].every(
      (name) => typeof ((value ?? {}) as Readonly<Record<string, unknown>>)[name] === 'function',
    ),
);

/** The calls of a communicator, made of what a transport carries. */
export function communicator(transport: Transport, order: Order): Communicator {
  const { rank, size } = transport;
  let sent = 0;
  let waited = 0;
  const timed = (call: () => void): void => {
    const start = performance.now();
    call();
    waited += (performance.now() - start) / 1000;
  };
  const others = (bytes: number): number => bytes * (size - 1);
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
      if (size === 1 || values.length === 0) return;
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
    },
    broadcast(values, root = 0) {
      checkBytes('broadcast', values);
      checkRoot(root, size);
      if (size > 1) timed(() => transport.broadcast(values, root));
      if (rank === root) sent += others(values.byteLength);
    },
    gather(values) {
      checkBytes('gather', values);
      const all = new Uint8Array(values.byteLength * size);
      if (size === 1) all.set(values);
      else timed(() => transport.allGather(values, all));
      sent += others(values.byteLength);
      return Array.from({ length: size }, (_, i) => all.slice(i * values.byteLength, (i + 1) * values.byteLength));
    },
    barrier: () => timed(() => transport.barrier()),
    abort: (code = 1) => transport.abort(code),
    finalize: () => transport.finalize(),
  };
}

/** The values, or a copy with zeros after it, so that ranks have equal blocks. */
function paddedTo(size: number, values: Float32Array): Float32Array {
  const rest = values.length % size;
  if (rest === 0) return values;
  const padded = new Float32Array(values.length + size - rest);
  padded.set(values);
  return padded;
}

function bytesOf(values: Float32Array): Uint8Array {
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
