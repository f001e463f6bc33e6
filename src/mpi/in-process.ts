import { StateError } from '../base/errors';
import {
  checkArgument,
  choice,
  type Kind,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../base/options';
import { type Communicator, communicator, type Transport } from './communicator';
import { checkLengths } from './unequal';

/** The place of one rank among threads of one process: plain data, which goes to a worker in a message. */
export interface Seat {
  /** The rank that sits here. */
  readonly rank: number;
  /** Ranks in all. */
  readonly size: number;
  /** How sums are added up. */
  readonly order: 'tree' | 'sequence';
  /** Arrivals at the barrier, its turn, whether the run was aborted, and of each rank the bytes of its message. */
  readonly signals: Int32Array<SharedArrayBuffer>;
  /** A slot of memory for each rank, through which everything passes in pieces. */
  readonly slots: Uint8Array<SharedArrayBuffer>;
}

const seatKind: Kind<Seat> = kindOf<Seat>('a seat, one of those that inProcess returns', (value) => {
  const { rank, size, signals, slots } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const numbered = Number.isInteger(rank) && Number.isInteger(size) && (rank as number) < (size as number);
  return numbered && signals instanceof Int32Array && slots instanceof Uint8Array;
});

const inProcessOptions = {
  /** How sums are added up (default `tree`). */
  order: optional(choice('tree', 'sequence'), 'tree'),
  /** Bytes of each rank's slot: larger messages pass in pieces (default 1 MiB). */
  slotBytes: optional(whole({ low: 8 }), 2 ** 20),
};

/** The order of sums, and how much passes at a time. */
export interface InProcessOptions extends OptionsOf<typeof inProcessOptions> {}

/**
 * Seats for `size` ranks in one process, for tests and for reading: hand each to a thread of its own, which calls `takeSeat`.
 * Threads wait for each other as processes do, so a rank in the same thread as another one would wait for ever.
 * @throws OptionError `options/…`
 */
export function inProcess(size: number, options: InProcessOptions = {}): Seat[] {
  if (arguments.length > 2) refuseExtra('inProcess', arguments, 2);
  checkArgument('inProcess', 'size', whole({ low: 1 }), size);
  const { order, slotBytes } = readOptions('inProcess', inProcessOptions, options);
  const slot = Math.ceil(slotBytes / 8) * 8;
  const signals = new Int32Array(new SharedArrayBuffer(4 * (LENGTHS + size)));
  const slots = new Uint8Array(new SharedArrayBuffer(slot * size));
  return Array.from({ length: size }, (_, rank) => ({ rank, size, order, signals, slots }));
}

const [ARRIVED, TURN, ABORTED, LENGTHS] = [0, 1, 2, 3];

/** The communicator of a seat. Call it once, in the thread that the rank is. */
export function takeSeat(seat: Seat): Communicator {
  if (arguments.length > 1) refuseExtra('takeSeat', arguments, 1);
  checkArgument('takeSeat', 'seat', seatKind, seat);
  const { rank, size, order, signals, slots } = seat;
  const slot = slots.length / size;

  const checkAborted = (): void => {
    const by = Atomics.load(signals, ABORTED) - 1;
    if (by >= 0) throw aborted(by);
  };
  /** The last to arrive opens the next turn; the others sleep until it does. An abort opens it too, so its turn is read first. */
  const barrier = (): void => {
    const turn = Atomics.load(signals, TURN);
    checkAborted();
    if (Atomics.add(signals, ARRIVED, 1) === size - 1) {
      Atomics.store(signals, ARRIVED, 0);
      Atomics.add(signals, TURN, 1);
      Atomics.notify(signals, TURN);
    } else while (Atomics.load(signals, TURN) === turn) Atomics.wait(signals, TURN, turn);
    checkAborted();
  };

  /** Write a piece of a message, and read what the others wrote before any of them writes again. */
  const exchange = (
    { length }: Uint8Array,
    own: Uint8Array,
    read: (of: (other: number) => Uint8Array) => void,
  ): void => {
    slots.set(own, rank * slot);
    signals[LENGTHS + rank] = length;
    barrier();
    try {
      checkLengths('a call of all ranks', Array.from(signals.subarray(LENGTHS)));
      read((other) => slots.subarray(other * slot, (other + 1) * slot));
    } finally {
      barrier();
    }
  };

  const transport: Transport = {
    rank,
    size,
    allToAll(send, receive) {
      const [from, to] = [send, receive].map(bytesOf) as [Uint8Array, Uint8Array];
      const block = from.length / size;
      const piece = Math.floor(slot / size / 4) * 4;
      for (let at = 0; at < block; at += piece) {
        const length = Math.min(piece, block - at);
        const own = new Uint8Array(length * size);
        for (let i = 0; i < size; i++) own.set(from.subarray(i * block + at, i * block + at + length), i * length);
        exchange(from, own, (of) => {
          for (let i = 0; i < size; i++) to.set(of(i).subarray(rank * length, (rank + 1) * length), i * block + at);
        });
      }
    },
    allGather(own, all) {
      for (let at = 0; at < own.length; at += slot) {
        const piece = own.slice(at, at + slot);
        exchange(own, piece, (of) => {
          for (let i = 0; i < size; i++) all.set(of(i).subarray(0, piece.length), i * own.length + at);
        });
      }
    },
    broadcast(bytes, root) {
      for (let at = 0; at < bytes.length; at += slot) {
        const piece = bytes.slice(at, at + slot);
        exchange(bytes, piece, (of) => bytes.set(of(root).subarray(0, piece.length), at));
      }
    },
    barrier,
    abort() {
      abandon(seat);
      throw aborted(rank);
    },
    finalize() {},
  };
  return communicator(transport, order);
}

/**
 * The rank of this seat has ended and comes to no further call: the others get the error `mpi/aborted` in place of an endless
 * wait. To be called where a thread's end is heard, since a thread that has thrown cannot say so itself.
 * @example
 * const [mine, other] = inProcess(2) as [Seat, Seat];
 * abandon(other); // worker.once('error', () => abandon(other)), where the other is a worker
 * try {
 *   takeSeat(mine).barrier();
 * } catch (error) {
 *   console.log((error as { code: string }).code); // prints mpi/aborted
 * }
 */
export function abandon(seat: Seat): void {
  if (arguments.length > 1) refuseExtra('abandon', arguments, 1);
  checkArgument('abandon', 'seat', seatKind, seat);
  Atomics.compareExchange(seat.signals, ABORTED, 0, seat.rank + 1); // the first to leave is the one to name
  Atomics.add(seat.signals, TURN, 1);
  Atomics.notify(seat.signals, TURN);
}

function aborted(rank: number): StateError {
  return new StateError({
    code: 'mpi/aborted',
    got: `rank ${rank} has left the run`,
    expected: 'all ranks in every call, to the last',
    fix: 'see what that rank printed, or the error of its thread',
  });
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
