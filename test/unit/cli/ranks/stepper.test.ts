import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { threadsOf } from '../../../../src/cli/ranks/cores';
import { stepper } from '../../../../src/cli/ranks/stepper';
import { chain, type Key, ones, sgd, sum, tensor } from '../../../../src/index';
import { allReduce } from '../../../../src/mpi';
import { twins } from '../../mpi/fakes';

/** The keys that rank 0 of two hands to the loss in two steps of four shards. */
async function keysOf(seed: number): Promise<string[]> {
  const keys: string[] = [];
  const comm = twins(2);
  const w = ones([1]);
  const loss = (_: unknown, { key }: { key: Key }) => {
    keys.push(String(key));
    return sum(w);
  };
  const transform = chain(allReduce(comm, { shards: 4 }), sgd({ learningRate: 0.1 }));
  const { step } = stepper({ params: { w }, transform, loss, seed }, { comm, shards: 4, wire: 'dense', wireRank: 1 });
  const ids = tensor([[1], [2], [3], [4]]).cast('int32');
  for (const at of [1, 2]) await step({ ids, targets: ids }, at);
  return keys;
}

it('every shard of every step has a key of its own, from the seed', async () => {
  const [first, again, other] = [await keysOf(1), await keysOf(1), await keysOf(2)];
  expect(again).toEqual(first);
  expect(new Set([...first, ...other]).size).toBe(8);
});

it('ranks that may use the same cores share them, and others do not', () => {
  const all = availableParallelism();
  expect(threadsOf(twins(2))).toBe(Math.max(1, Math.floor(all / 2)));
  expect(threadsOf(twins(10_000))).toBe(1);
  expect(threadsOf(twins(2, { gather: (own) => [own, own.map((byte) => byte ^ 1)] }))).toBe(all);
});
