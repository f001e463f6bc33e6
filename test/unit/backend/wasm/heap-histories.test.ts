import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block } from '../../../../src/backend/wasm/allocator';
import { histories, type Step, WatchedMemory } from '../../../support/heap-history';

/** Histories by default; `HISTORIES=10000 npx vitest run heap-histories` for a proof. */
const runs = Number(process.env.HISTORIES ?? 200);
const limit = 2 ** 16;

function obey(broken: string | null): void {
  if (broken !== null) throw new Error(broken);
}
function follow(memory: WatchedMemory, steps: readonly Step[]): void {
  for (const step of steps) obey(memory.step(step));
  obey(memory.check());
}

describe('memory that is taken and freed in any order', () => {
  // What fits when all blocks lie side by side is given, bytes stay what they were, twice what lived is enough.
  it('keeps every law', () => {
    let packings = 0;
    fc.assert(
      fc.property(histories(limit), fc.constantFrom(64, 4096), (steps, start) => {
        const memory = new WatchedMemory(limit, 64, start);
        follow(memory, steps);
        packings += memory.allocator.packed.times;
      }),
      { numRuns: runs },
    );
    // The histories are hard enough: about one packing in each, so that a quarter is missed by no chance that matters.
    expect(packings).toBeGreaterThan(runs / 4);
  });
});

describe('memory for an adversary', () => {
  const ninety = 0.9 * limit;
  const fill = (memory: WatchedMemory, size: number): void => {
    while (memory.allocator.memory().bytes + size <= ninety) obey(memory.step({ take: size }));
    obey(memory.check());
  };
  const freeAllBut = (memory: WatchedMemory, kept: ReadonlySet<Block>): void => {
    for (let i = memory.blocks.length - 1; i >= 0; i--) {
      if (!kept.has((memory.blocks[i] as { block: Block }).block)) obey(memory.step({ free: i }));
    }
  };

  /** Robson's program against allocators that do not move: of every window one block stays, so that nothing larger fits. */
  it('who frees all but one block of every window, and then asks for more than a window', () => {
    const memory = new WatchedMemory(limit);
    for (let size = 64; size <= limit / 4; size *= 2) {
      fill(memory, size);
      const kept = new Map<number, Block>();
      for (const { block } of memory.blocks) kept.set(Math.floor(block.offset / (2 * size)), block);
      freeAllBut(memory, new Set(kept.values()));
    }
    expect(memory.allocator.packed.times).toBeGreaterThan(3);
  });
  it('who grows by an eighth from round to round', () => {
    const memory = new WatchedMemory(limit);
    for (let size = 512; size <= limit / 4; size = Math.ceil((size * 9) / 8)) {
      freeAllBut(memory, new Set());
      fill(memory, size);
    }
  });
  it('who asks for more than there is, and goes on with little: twice what lives is still enough', () => {
    const memory = new WatchedMemory(limit);
    follow(memory, [{ take: 1000 }, { take: 2 * limit }, { take: limit - 64 }]);
    for (let size = 100; size < 1400; size = Math.ceil((size * 9) / 8)) {
      for (let i = 0; i < 20; i++) follow(memory, [{ take: size }, { free: 0 }]);
    }
    expect(memory.taken).toBeLessThan(6000);
  });
});
