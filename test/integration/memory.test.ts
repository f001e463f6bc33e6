import { describe, expect, it } from 'vitest';
import { runAlone } from '../unit/tensor/alone';
import type { Held } from './memory-loops';

const script = new URL('memory-loops.ts', import.meta.url).pathname;
const mib = 2 ** 20;
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

/** How much more resident memory the last hundred steps reach than the hundred before step 200. */
const growth = ({ resident }: Held): number => most(resident.slice(1900, 2000)) - most(resident.slice(100, 200));

/**
 * Two thousand steps with 5.2 MB of gradients each; a single one that is not freed per step would make 10 GB.
 *
 * Loops whose tensors all belong to scopes stay within 10 MB. What leaves the outermost scope is an ordinary array:
 * V8 looks for dead ones after each 32 MiB of new ones, and malloc keeps some of what it gets back for later. So
 * resident memory is a sawtooth there, about 40 MB high, and its phase at a given step is chance: windows are compared
 * by their maxima, and against two teeth.
 */
describe('2,000 steps', () => {
  const layer = 4 * (1024 * 1281 + 1281);
  const parameters = { tensors: 2, bytes: layer };
  const loops: Record<string, { live: Held['live'][number]; bound: number; caught?: number }> = {
    trainer: { live: { tensors: 4, bytes: 2 * layer }, bound: 10e6 }, // with the momentum
    insideScope: { live: parameters, bound: 10e6 },
    plain: { live: parameters, bound: 64 * mib },
    awaiting: { live: parameters, bound: 64 * mib },
    throwing: { live: parameters, bound: 64 * mib, caught: 2000 / 5 + 286 - 58 }, // multiples of 5 or 7
    evaluating: { live: parameters, bound: 64 * mib },
  };
  for (const [name, { live, bound, caught = 0 }] of Object.entries(loops)) {
    it.concurrent(`${name}: only what is resident is alive, and the process does not grow`, async () => {
      const held = await runAlone<Held>(script, name);
      expect(held.live).toEqual([live, live]);
      expect(growth(held)).toBeLessThan(bound);
      expect([held.caught, Number.isFinite(held.lastLoss)]).toEqual([caught, true]);
    }, 300_000);
  }
});
