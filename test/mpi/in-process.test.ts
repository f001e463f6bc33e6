import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcess } from '../../src/mpi';
import { inThreads, oneByOne, rankProgram } from './in-threads';
import { valuesOf } from './jobs';
import { train } from './training';

let program: Awaited<ReturnType<typeof rankProgram>>;
beforeAll(async () => {
  mkdirSync('node_modules/.cache', { recursive: true });
  program = await rankProgram();
});
afterAll(() => program.remove());

const f = Math.fround;

describe('sums over threads', () => {
  it.each([2, 3, 4])('of %i ranks have the same bits on all, in either order', async (size) => {
    const lengths = [1, 3, 4, 1000];
    for (const order of ['sequence', 'tree'] as const) {
      // Slots of 64 bytes, so that a vector passes in pieces.
      const found = (await inThreads(program.file, inProcess(size, { order, slotBytes: 64 }), 'sum', lengths)) as {
        sums: number[][];
        bytes: number;
      }[];
      const expected = lengths.map((length) => {
        const all = Array.from({ length: size }, (_, rank) => valuesOf(rank, length));
        return Array.from({ length }, (_, i) => {
          const [a, b, c, d] = all.map((values) => values[i] as number) as [number, number, number?, number?];
          if (c === undefined) return f(a + b);
          if (d === undefined) return f(f(a + b) + c);
          return order === 'sequence' ? f(f(f(a + b) + c) + d) : f(f(a + b) + f(c + d));
        });
      });
      for (const { sums } of found) expect(sums).toEqual(expected);
      // A ring sends 2(N − 1)/N of each vector, whose length is rounded up to a multiple of N.
      const sent = lengths.reduce((total, length) => total + 4 * Math.ceil(length / size) * size, 0);
      expect(found.map(({ bytes }) => bytes)).toEqual(Array(size).fill((2 * (size - 1) * sent) / size));
    }
  });

  it('bring what one rank has to all, and what all have to each', async () => {
    const found = await inThreads(program.file, inProcess(3, { slotBytes: 16 }), 'passing', 100);
    const all = [
      [0, 0],
      [1, 10],
      [2, 20],
    ];
    expect(found).toEqual(Array(3).fill({ same: true, all }));
  });

  it('of unequal gradients are refused on every rank, with both shapes', async () => {
    const found = await inThreads(program.file, inProcess(2), 'unequal');
    expect(found).toEqual(Array(2).fill({ code: 'mpi/unequal' }));
  });
});

describe('ranks that hand over other things', () => {
  it('are told so on all of them, and may go on', async () => {
    // Slots of 16 bytes: the last rank would wait for pieces that the others do not have.
    const calls = ['sum', 'gather', 'broadcast'];
    const found = await inThreads(program.file, inProcess(3, { slotBytes: 16 }), 'uneven', calls);
    expect(found).toEqual(Array(3).fill(Array(3).fill('mpi/unequal')));
  });

  it('are told of parameters in other shapes, though these be as many numbers', async () => {
    const shapes = [
      [3, 2],
      [2, 4],
      [2, 3],
    ];
    const found = await inThreads(program.file, inProcess(2), 'otherParams', shapes);
    expect(found).toEqual(Array(2).fill(['mpi/unequal', 'mpi/unequal', 'undefined']));
  });
});

describe('a training of the command over threads', () => {
  it.each(['dense', 'flora'] as const)('has the numbers of 1, 2 and 4 ranks: %s', async (wire) => {
    const run = { shards: 4, steps: 3, wire };
    const found: { waits: boolean }[] = [];
    for (const size of [1, 2, 4])
      found.push(...((await inThreads(program.file, inProcess(size), 'stepped', run)) as typeof found));
    const [first, ...others] = found.map(({ waits: _, ...numbers }) => numbers);
    expect(first).toMatchObject({ losses: [expect.any(Number), expect.any(Number), expect.any(Number)] });
    expect(others).toEqual(Array(6).fill(first));
    expect(found.map(({ waits }) => waits)).toEqual([false, ...Array(6).fill(true)]);
  });
});

describe('a loss that is not finite for one shard', () => {
  it.each([
    [2, 2],
    [2, 4],
    [4, 4],
  ])(
    'stops all of %i ranks with %i shards in the same step, with the same error and parameters',
    async (size, shards) => {
      const found = await inThreads(program.file, inProcess(size), 'spoiled', { shards, spoilt: 3 });
      const [first] = found as { taken: number; code: string; w: number }[];
      expect(first).toMatchObject({ taken: 2, code: 'trainer/non-finite-loss', w: expect.closeTo(0.8) });
      expect(found).toEqual(Array(size).fill(first));
    },
  );
});

describe('a rank that ends', () => {
  it('by an exception in its thread is told to the others, which do not wait for it', async () => {
    const seats = inProcess(3);
    const ended = await Promise.allSettled(oneByOne(program.file, seats, 'leaving'));
    expect(ended.map((one) => (one.status === 'rejected' ? String(one.reason) : one.value))).toEqual([
      { code: 'mpi/aborted' },
      expect.stringContaining('rank 1 is at fault'),
      { code: 'mpi/aborted' },
    ]);
  }, 20_000);
});

describe('a training over threads', () => {
  it.each(['dense', 'flora', 'algorithm 1'] as const)(
    'in sequence is accumulate in one process, bit for bit: %s',
    async (method) => {
      const run = { method, steps: 5, shards: 3 };
      const alone = await train(run, null);
      expect(await inThreads(program.file, inProcess(3, { order: 'sequence' }), 'train', run)).toEqual(
        Array(3).fill(alone),
      );
    },
  );

  it.each(['dense', 'flora', 'compressed'] as const)(
    'in a tree has the bits of 1, 2 and 4 ranks: %s',
    async (method) => {
      const run = { method, steps: 5, shards: 4 };
      const found: unknown[] = [];
      for (const size of [1, 2, 4]) found.push(...(await inThreads(program.file, inProcess(size), 'train', run)));
      expect(found).toEqual(Array(7).fill(found[0]));
      // The tree is not the sequence, or the test could not tell.
      if (method !== 'compressed') expect(found[0]).not.toBe(await train(run, null));
    },
  );

  it('sends compressed gradients: every rank comes to the same parameters', async () => {
    const found = await inThreads(program.file, inProcess(3), 'train', { method: 'compressed', steps: 5, shards: 3 });
    expect(found).toEqual(Array(3).fill(expect.stringMatching(/^[0-9a-f]{16}$/)));
    expect(new Set(found).size).toBe(1);
  });
});
