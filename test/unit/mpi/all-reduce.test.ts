import { afterEach, describe, expect, it } from 'vitest';
import { BackendError, referenceBackend, setBackend, tensor, wasmBackend } from '../../../src/index';
import { allReduce } from '../../../src/mpi';
import { twins } from './fakes';

afterEach(() => {
  setBackend(wasmBackend());
});

const grads = () => ({ b: tensor([3, 5]), a: tensor([[1, 2, 4]]), c: tensor(7) });

describe.each([
  ['wasm, where they lie', () => wasmBackend()],
  ['reference, where they lie', () => referenceBackend()],
  ['a backend that shows no memory, in a copy', () => ({ ...referenceBackend(), view: undefined })],
])('leaves are summed on %s', (_, make) => {
  it('as one vector that ranks can share, and come back in their shapes; the gradients stay', async () => {
    setBackend(make() as ReturnType<typeof referenceBackend>);
    const comm = twins(4, { rank: 1 });
    const given = grads();
    const sum = allReduce(comm);
    const [means] = sum.update(given, sum.init(given), given);
    expect(comm.calls).toEqual(['gather 8', 'sum 8']); // six numbers and two zeros
    expect(await means.a?.array()).toEqual([[1, 2, 4]]);
    expect(await means.b?.array()).toEqual([3, 5]);
    expect(await means.c?.array()).toBe(7);
    expect(await given.a.array()).toEqual([[1, 2, 4]]);
  });
});

it('a backend that answers later is refused, with the way out', () => {
  const later = {
    ...referenceBackend(),
    view: undefined,
    name: 'later',
    readSync(): never {
      throw new BackendError({ code: 'read/sync', got: 'a read', expected: 'none', fix: 'wait' });
    },
  };
  setBackend(later as unknown as ReturnType<typeof referenceBackend>);
  const given = grads();
  const sum = allReduce(twins(2));
  expect(() => sum.update(given, sum.init(given), given)).toThrow(/mpi\/backend.*later.*setBackend\(wasmBackend\(\)\)/);
});

describe('shards', () => {
  it('are summed along the tree, and no leaf comes before the last', async () => {
    const comm = twins(2);
    const sum = allReduce(comm, { shards: 8 }); // four of this rank
    // (2²⁴ + 1) + (1 + 1): in a tree the small ones meet first, and are not lost one by one.
    const shards = [2 ** 24, 1, 1, 1].map((x) => ({ w: tensor([x]) }));
    let state = sum.init(shards[0] as { w: ReturnType<typeof tensor> });
    for (const shard of shards.slice(0, 3)) {
      const [none, next] = sum.update(shard, state, shard);
      expect(none).toEqual({});
      state = next;
    }
    expect(state.count).toBe(3);
    expect(comm.calls).toEqual([]);
    const [means, after] = sum.update(shards[3] as (typeof shards)[number], state, {});
    expect(await means.w?.array()).toEqual([((2 ** 24 + 2) * 2) / 8]);
    expect(after).toEqual({ count: 0, sums: [] }); // the same for every number of ranks
  });

  it('that have a leaf which others lack count zero there', async () => {
    const sum = allReduce(twins(1), { shards: 2 });
    const start = sum.init({ a: tensor([0]), b: tensor([0]), c: tensor([0]) });
    const [, state] = sum.update({ a: tensor([2]) }, start, {});
    const [means] = sum.update({ b: tensor([6]) }, state, {});
    expect(Object.keys(means)).toEqual(['a', 'b']); // and nothing of c
    expect([await means.a?.array(), await means.b?.array()]).toEqual([[1], [3]]);
  });

  it.each([
    [3, 'tree', 4],
    [2, 'tree', 1],
    [2, 'tree', 6],
    [2, 'sequence', 4],
    [2, 'library', 4],
  ] as const)('on %i ranks in the order %s cannot be %i', (size, order, shards) => {
    expect(() => allReduce(twins(size, { order }), { shards })).toThrow(/mpi\/shards/);
  });
});

describe('unequal leaves', () => {
  const other = (text: string) => {
    let calls = 0;
    const bytes = new TextEncoder().encode(text);
    return twins(2, {
      // The other rank's hash, then its length, then its text.
      gather(values) {
        calls += 1;
        if (calls === 1) return [values, new Uint8Array(8)];
        if (calls === 2) return [values, new Uint8Array(Uint32Array.of(bytes.length).buffer)];
        const padded = new Uint8Array(values.length);
        padded.set(bytes);
        return [values, padded];
      },
    });
  };
  const refused = (
    text: string,
    given: Record<string, ReturnType<typeof tensor>> = { a: tensor([1]), b: tensor([2]) },
  ) => {
    const sum = allReduce(other(text));
    return expect(() => sum.update(given, sum.init(given), given));
  };

  it('are named: the first that differs, whichever rank has more', () => {
    refused('a [1]; b [2, 3]').toThrow('b [1] on rank 0 and b [2, 3] on rank 1');
    refused('a [1]; b [1]; cc [1]').toThrow('nothing more on rank 0 and cc [1] on rank 1');
    refused('a [1]').toThrow('b [1] on rank 0 and nothing more on rank 1');
  });

  it('may be none at all: a rank without gradients does not keep the others waiting', () => {
    refused('a [1]', {}).toThrow('nothing more on rank 0 and a [1] on rank 1');
  });

  it('are none where all ranks have none: no step', () => {
    const sum = allReduce(twins(2));
    const state = sum.init({});
    expect(sum.update({}, state, {})).toEqual([{}, state]);
  });
});
