import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { communicator, type Transport } from '../../../src/mpi/communicator';
import { codeOf } from './fakes';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Rank 0 of two whose every call takes a quarter of a second of the fake clock, and carries nothing. */
function slow(more: Partial<Transport> = {}): Transport {
  const quarter = (): void => {
    vi.advanceTimersByTime(250);
  };
  const end = (): never => {
    throw new Error('ended');
  };
  return {
    rank: 0,
    size: 2,
    allToAll: quarter,
    allGather: quarter,
    broadcast: quarter,
    barrier: quarter,
    abort: end,
    finalize() {},
    ...more,
  };
}

describe('waited', () => {
  it('is the seconds inside calls to the others, and not what is between them', () => {
    const comm = communicator(slow(), 'tree');
    expect(comm.waited).toBe(0);
    comm.sum(new Float32Array(4)); // two calls
    vi.advanceTimersByTime(5000);
    expect(comm.waited).toBe(0.5);
    comm.broadcast(new Uint8Array(1)); // and the lengths before it
    comm.gather(new Uint8Array(1));
    comm.barrier();
    expect(comm.waited).toBe(1.5);
  });

  it("counts the library's own sum", () => {
    const allReduce = (): void => {
      vi.advanceTimersByTime(1000);
    };
    const comm = communicator(slow({ allReduce }), 'library');
    comm.sum(new Float32Array(4));
    expect(comm.waited).toBe(1);
  });

  it('stays 0 for one rank alone', () => {
    const comm = communicator(slow({ size: 1 }), 'tree');
    comm.sum(new Float32Array(4));
    comm.gather(new Uint8Array(1));
    expect(comm.waited).toBe(0);
  });
});

describe('the end', () => {
  it.each([1, 2])('is the last call of %i ranks, which may be said twice', (size) => {
    let ends = 0;
    const comm = communicator(slow({ size, finalize: () => void ends++ }), 'tree');
    comm.finalize();
    comm.finalize();
    expect(ends).toBe(2); // what finalizes MPI does it once
    const calls = [
      () => comm.sum(new Float32Array(2)),
      () => comm.broadcast(new Uint8Array(1)),
      () => comm.gather(new Uint8Array(1)),
      () => comm.barrier(),
    ];
    expect(calls.map(codeOf)).toEqual(Array(4).fill('mpi/finalized'));
  });

  it('by abort has a status that no launcher takes for success', () => {
    const statuses: number[] = [];
    const abort = (status: number): never => {
      statuses.push(status);
      throw new Error('ended');
    };
    const comm = communicator(slow({ abort }), 'tree');
    for (const status of [0, 256, -1, 1.5, Number.NaN, '1', null])
      expect(codeOf(() => comm.abort(status as number))).toBe('options/range');
    expect(statuses).toEqual([]);
    for (const status of [undefined, 1, 255]) expect(() => comm.abort(status)).toThrow('ended');
    expect(statuses).toEqual([1, 1, 255]);
  });
});

describe('what is longer than MPI can count', () => {
  // Memory that nothing touches: the system hands out none of it.
  it('is broadcast in parts, of which the last is shorter', () => {
    const lengths: number[] = [];
    const comm = communicator(slow({ broadcast: ({ length }) => lengths.push(length) }), 'tree');
    comm.broadcast(new Uint8Array(2 ** 30 + 3));
    expect(lengths).toEqual([2 ** 30, 3]);
  });

  it("is summed in parts, by the library's own sum too", () => {
    const lengths: number[] = [];
    const comm = communicator(slow({ allReduce: ({ length }) => lengths.push(length) }), 'library');
    comm.sum(new Float32Array(2 ** 28 + 3));
    expect(lengths).toEqual([2 ** 28, 3]);
    expect(comm.bytes).toBe(4 * (2 ** 28 + 3));
  });

  it('is not gathered', () => {
    const comm = communicator(slow(), 'tree');
    expect(codeOf(() => comm.gather(new Uint8Array(2 ** 31)))).toBe('mpi/too-long');
  });
});

it('a broadcast of other lengths is refused on every rank: Open MPI would leave some as they were', () => {
  const allGather: Transport['allGather'] = (own, all) =>
    all.set([...own, ...new Uint8Array(Float64Array.of(6).buffer)]);
  const calls: number[] = [];
  const comm = communicator(slow({ allGather, broadcast: ({ length }) => calls.push(length) }), 'tree');
  expect(() => comm.broadcast(new Uint8Array(2))).toThrow(/mpi\/unequal.*2 bytes on rank 0 and 6 on rank 1/);
  expect(calls).toEqual([]);
  comm.broadcast(new Uint8Array(6));
  expect(calls).toEqual([6]);
});
