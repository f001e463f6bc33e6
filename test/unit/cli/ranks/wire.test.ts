import { describe, expect, it } from 'vitest';
import { overWire, type Wire } from '../../../../src/cli/ranks/wire';
import { chain, compress, projectors, random } from '../../../../src/index';
import { twins } from '../../mpi/fakes';

const grads = {
  'blocks.0.weight': random.normal(random.key(1), [8, 6]),
  embedding: random.normal(random.key(2), [8, 6]),
};

/** What two ranks with these gradients come to in a step, and how many numbers each has summed. */
function sent(wire: Wire, wireRank: number, seed = 3) {
  const comm = twins(2);
  const transform = overWire(chain(), { comm, shards: 2, wire, wireRank }, seed);
  const [updates] = transform.update(grads, transform.init(grads), grads);
  const numbers = comm.calls.reduce((sum, call) => sum + Number(/^sum (\d+)/.exec(call)?.[1] ?? 0), 0);
  const values = (path: keyof typeof grads) => Array.from(updates[path]?.dataSync() ?? []);
  return { numbers, block: values('blocks.0.weight'), embedding: values('embedding') };
}

const whole = Array.from(grads.embedding.dataSync());

describe('what goes over the wire', () => {
  it.each([
    ['dense', 2, 48],
    ['flora', 2, 2 * 8],
    ['flora', 4, 4 * 8],
    ['powersgd', 2, 2 * (8 + 6)],
    ['powersgd', 3, 3 * (8 + 6)],
    ['powersgd', 4, 48], // 4·(8 + 6) would be more: it goes whole
  ] as const)('%s of rank %i: %i numbers of a block, and the embedding whole', (wire, rank, numbers) => {
    const found = sent(wire, rank);
    expect(found.numbers).toBe(numbers + 48);
    expect(found.embedding).toEqual(whole);
  });

  it.each(['flora', 'powersgd'] as const)('%s draws from the seed, and not from its own numbers', (wire) => {
    const { block } = sent(wire, 2);
    expect(sent(wire, 2).block).toEqual(block);
    expect(sent(wire, 2, 4).block).not.toEqual(block);
  });

  it('flora draws other projections than an optimizer of the same seed', () => {
    const optimizer = compress({
      projector: projectors.gaussian,
      rank: 2,
      inner: chain(),
      refreshEvery: 1,
      onRefresh: 'keep',
      seed: 3,
    });
    const [updates] = optimizer.update(grads, optimizer.init(grads), grads);
    expect(sent('flora', 2).block).not.toEqual(Array.from(updates['blocks.0.weight']?.dataSync() ?? []));
  });
});
