import type { Communicator } from '../../../src/mpi';

/** Rank 0 of several that all have what it has: no thread and no MPI, and a sum is a product. `calls` has what was asked. */
export function twins(size: number, more: Partial<Communicator> = {}): Communicator & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    rank: 0,
    size,
    order: 'tree',
    bytes: 0,
    waited: 0,
    sum(values) {
      calls.push(`sum ${values.length}`);
      for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * size;
    },
    broadcast(values, root = 0) {
      calls.push(`broadcast ${values.length} from ${root}`);
    },
    gather(values) {
      calls.push(`gather ${values.length}`);
      return Array.from({ length: size }, () => values.slice());
    },
    barrier() {},
    abort() {
      throw new Error('aborted');
    },
    finalize() {},
    ...more,
    calls,
  };
}

/** The code of the error with which this ends, or 'no error'. */
export function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'no error';
}
