import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { communicator, type Transport } from '../../../src/mpi/communicator';

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
    comm.broadcast(new Uint8Array(1));
    comm.gather(new Uint8Array(1));
    comm.barrier();
    expect(comm.waited).toBe(1.25);
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
