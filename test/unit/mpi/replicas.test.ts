import { expect, it } from 'vitest';
import { tensor } from '../../../src/index';
import { broadcastParams, checkReplicas } from '../../../src/mpi';
import { twins } from './fakes';

it('a digest sees every parameter, and its name only by its place', async () => {
  const digest = (a: number, b: number) => checkReplicas(twins(2), { a: tensor([a]), b: tensor([b]) });
  const found = await Promise.all([digest(1, 2), digest(3, 2), digest(1, 3), digest(2, 1)]);
  expect(new Set(found).size).toBe(4);
  expect(await checkReplicas(twins(2), { b: tensor([2]), a: tensor([1]) })).toBe(found[0]);
});

it('ranks that differ are named', async () => {
  const comm = twins(3, { gather: (values) => [values, values.map((x) => x ^ 1), values] });
  await expect(checkReplicas(comm, { a: tensor([1]) })).rejects.toThrow(
    /mpi\/diverged.*rank 1 are not those of rank 0/,
  );
});

it('rank 0 keeps what it has, and others take what came, in one order of names', async () => {
  const params = () => ({ b: tensor([1, 2]), a: tensor([3]) });
  for (const rank of [0, 1]) {
    const mine = params();
    const comm = twins(2, {
      rank,
      broadcast(values) {
        if (rank > 0)
          values.set(new Uint8Array(Float32Array.from({ length: values.length / 4 }, (_, i) => 7 + i).buffer));
      },
    });
    await broadcastParams(comm, mine);
    expect([await mine.a.array(), await mine.b.array()]).toEqual(rank === 0 ? [[3], [1, 2]] : [[7], [7, 8]]);
  }
});
