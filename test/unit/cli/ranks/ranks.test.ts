import { describe, expect, it } from 'vitest';
import { agree } from '../../../../src/cli/ranks/agree';
import { exchangeText } from '../../../../src/cli/ranks/exchange';
import { checkSharing, sharingOf } from '../../../../src/cli/ranks/sharing';
import { rankArguments } from '../../../../src/cli/ranks/start';
import { partOf } from '../../../../src/cli/ranks/stepper';
import { everyNth, interleaved } from '../../../../src/cli/ranks/validation';
import { checkWire } from '../../../../src/cli/ranks/wire';
import { random, tensor, zeros } from '../../../../src/index';
import { type Communicator, inProcess, type Seat, takeSeat } from '../../../../src/mpi';
import { codeOf } from '../../mpi/fakes';

const settings = { wire: 'dense', wireRank: 16, batch: 8 } as const;
describe('what is shared', () => {
  it.each([
    [{ shards: 4 }, 'no error'],
    [{ shards: 3, batch: 9 }, 'cli/shards'],
    [{ shards: 16 }, 'cli/shards'],
    [{ ranks: 3 }, 'cli/shards'],
    [{ ranks: 3, batch: 9 }, 'no error'],
    [{ ranks: 4, shards: 2 }, 'mpi/shards'],
    [{ ranks: 2, shards: 8 }, 'no error'],
    [{ ranks: 2, wire: 'powersgd' }, 'no error'],
    [{ ranks: 2, shards: 4, wire: 'powersgd' }, 'cli/wire'],
    [{ ranks: 2, wire: 'powersgd', checkpoint: 'saved' }, 'cli/wire'],
    [{ ranks: 2, wire: 'powersgd', resume: 'saved' }, 'cli/wire'],
    [{ ranks: 2, wire: 'flora', resume: 'saved' }, 'no error'],
  ] as const)('%j: %s', (given, code) => {
    expect(codeOf(() => checkSharing({ ...settings, ...given }))).toBe(code);
  });

  it('is a whole step without ranks, shards and wire, and otherwise needs no launcher', () => {
    expect(sharingOf(settings, null)).toBeNull();
    expect(sharingOf({ ...settings, shards: 1 }, null)).toBeNull();
    expect(sharingOf({ ...settings, shards: 4 }, null)).toMatchObject({ shards: 4, comm: { size: 1 } });
    expect(sharingOf({ ...settings, wire: 'flora' }, null)).toMatchObject({ shards: 1, wireRank: 16 });
  });

  it('is a run of windows for each shard, which together are the batch', () => {
    const ids = random.integers(random.key(1), [8, 3], { low: 0, high: 9 });
    const targets = random.integers(random.key(2), [8, 3], { low: 0, high: 9 });
    const parts = [0, 1, 2, 3].map((index) => partOf({ ids, targets }, index, 4));
    for (const { ids, targets } of parts) expect([ids.shape, targets.shape]).toEqual(Array(2).fill([2, 3]));
    expect(parts.flatMap(({ ids }) => [...ids.dataSync()])).toEqual([...ids.dataSync()]);
    expect(parts.flatMap(({ targets }) => [...targets.dataSync()])).toEqual([...targets.dataSync()]);
  });

  it.each([
    [7, 3],
    [8, 2],
    [2, 4],
    [0, 2],
  ])('is an evaluation: %i batches on %i ranks come back in their order', (batches, size) => {
    const all = Array.from({ length: batches }, (_, i) => i);
    const byRank = Array.from({ length: size }, (_, rank) => [...everyNth(all, rank, size)]);
    for (const [rank, own] of byRank.entries()) for (const batch of own) expect(batch % size).toBe(rank);
    expect(interleaved(byRank.flat(), size)).toEqual(all);
  });
});

describe('a wire that makes nothing smaller is refused, with a rank that would', () => {
  const pair = (rank: number) => ({
    'blocks.0.attention.a': zeros([rank, 32]),
    'blocks.0.attention.b': zeros([32, rank]),
    'blocks.0.bias': zeros([32]),
    'head.weight': zeros([64, 64]),
  });
  it.each([
    ['flora', 16, 2, 'try --wire-rank 2, or leave --wire out'],
    ['flora', 2, 2, null],
    ['flora', 16, 16, null],
    ['flora', 16, 32, null],
    ['flora', 32, 32, 'try --wire-rank 16,'], // a square, of the same size as before
    ['flora', 12, 8, 'try --wire-rank 6,'],
    ['powersgd', 16, 8, 'try --wire-rank 4,'],
    ['powersgd', 8, 8, 'try --wire-rank 4,'], // two factors of the smaller side's rank are larger than the matrix
    ['powersgd', 6, 8, null],
    ['powersgd', 1, 1, 'at no rank is one. Fix: leave --wire out'],
    ['dense', 16, 1, null],
  ] as const)('--wire %s --wire-rank %i, matrices of rank %i: %s', (wire, wireRank, rank, said) => {
    const sharing = { comm: takeSeat(inProcess(1)[0] as Seat), shards: 1, wire, wireRank };
    const check = () => checkWire(pair(rank), sharing, 'lora');
    if (said === null) expect(check).not.toThrow();
    else expect(check).toThrow(said);
    if (said !== null) expect(check).toThrow(`[cli/wire] --wire ${wire} with --wire-rank ${wireRank} for lora`);
  });

  it('and no matrix outside of blocks, and no vector, counts', () => {
    const sharing = { comm: takeSeat(inProcess(1)[0] as Seat), shards: 1, wire: 'flora', wireRank: 1 } as const;
    expect(codeOf(() => checkWire({ 'head.weight': zeros([9, 9]), 'blocks.0.x': zeros([9]) }, sharing, 'x'))).toBe(
      'cli/wire',
    );
  });
});

describe('the command line of a rank', () => {
  const start = { ranks: 4, launcher: 'mpiexec' };
  it('says shards and no ranks, so that it gives the same numbers anywhere', () => {
    const argv = ['--steps', '3', '--ranks', '4', '--launcher=mpiexec.mpich', '--batch', '8'];
    expect(rankArguments(argv, start)).toEqual(['--steps', '3', '--batch', '8', '--shards', '4']);
    expect(rankArguments(['--ranks=4', '--shards', '8'], { ...start, shards: 8 })).toEqual(['--shards', '8']);
  });
});

describe('what all ranks must have', () => {
  /** Rank 0 of three, where the others hand in what they are said to. */
  const comm = (others: (own: Uint8Array) => Uint8Array[]): Communicator => ({
    ...takeSeat(inProcess(1)[0] as Seat),
    gather: (own) => [own, ...others(own)],
  });

  it('is the same, or the ranks that have something else are named', () => {
    expect(
      codeOf(() =>
        agree(
          comm((own) => [own, own]),
          'the text',
          'a',
        ),
      ),
    ).toBe('no error');
    const other = comm((own) => [own, own.map((byte) => byte ^ 1)]);
    expect(() => agree(other, 'the text', 'a')).toThrow('[cli/ranks-differ] the text of rank 2 is not that of rank 0');
    expect(codeOf(() => agree(null, 'the text', 'a'))).toBe('no error');
  });
});

it('progress has ranks, bytes a step and the share of time in waiting', () => {
  const exchange = { ranks: 2, shards: 4, wire: 'dense', bytesPerStep: 638 * 1024, waiting: 0.123 } as const;
  expect(exchangeText(exchange)).toBe('2 ranks, 638.0 KiB a step, 12 % waiting');
  expect(exchangeText({ ...exchange, ranks: 1 })).toBe('1 rank');
});

it('a shard is no copy of the first: windows differ', () => {
  const ids = tensor([[1], [2]]).cast('int32');
  const [a, b] = [0, 1].map((index) => partOf({ ids, targets: ids }, index, 2));
  expect([a?.ids.dataSync()[0], b?.ids.dataSync()[0]]).toEqual([1, 2]);
});
