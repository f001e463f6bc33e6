import { describe, expect, it } from 'vitest';
import { runAlone } from '../unit/tensor/alone';
import type { Held } from './memory-loops';

const script = new URL('memory-loops.ts', import.meta.url).pathname;
const mib = 2 ** 20;
/**
 * V8 doubles its young generation at some step of the first thousand, which is 4 MB of resident memory and no leak: here
 * it has its size from the start.
 */
const sized = ['--min-semi-space-size=8', '--max-semi-space-size=8'];
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

/** `STEPS=2000 npx vitest run test/integration/memory.test.ts` is the long form, which CI runs. */
const steps = Number(process.env.STEPS ?? 300);

/** Steps with 5.2 MB of gradients each; a single one that is not freed per step would make 1.6 GB in 300. */
describe(`${steps} steps`, () => {
  const layer = 4 * (1024 * 1281 + 1281);
  const parameters = { tensors: 2, bytes: layer };
  const withMomentum = { tensors: 4, bytes: 2 * layer };

  /** What the trainer does, and what happens inside scopes, is within 10 MB at the end of what it was at step 200. */
  const owned: Record<string, { live: Held['live'][number]; caught?: number }> = {
    synchronous: { live: withMomentum },
    awaiting: { live: withMomentum },
    throwing: { live: withMomentum, caught: Math.ceil(steps / 12) },
    evaluating: { live: withMomentum },
    plainInScope: { live: parameters },
  };
  for (const [name, { live, caught = 0 }] of Object.entries(owned)) {
    it.concurrent(`${name}: only what is resident is alive, and the process does not grow`, async () => {
      const held = await runAlone<Held>(script, name, sized);
      expect(held.live).toEqual([live, live]);
      expect([held.caught, Number.isFinite(held.lastLoss)]).toEqual([caught, true]);
      const [early, late] = [held.resident[199] as number, held.resident[steps - 1] as number];
      expect(late - early, `resident bytes: ${early} at step 200, ${late} at step ${steps}`).toBeLessThan(10e6);
    }, 300_000);
  }

  /**
   * Without a trainer and outside scopes, gradients and updates become ordinary arrays: V8 looks for dead ones after
   * each 32 MiB of new ones and frees them on another thread, and malloc keeps some of what it gets back. Resident
   * memory is then a sawtooth, about 40 MB high, whose phase at a given step is chance. So the largest values of two
   * windows are compared, against two teeth.
   */
  it.concurrent('plain: only parameters are alive, and what the collector has stays bounded', async () => {
    const held = await runAlone<Held>(script, 'plain');
    expect(held.live).toEqual([parameters, parameters]);
    const growth = most(held.resident.slice(steps - 100)) - most(held.resident.slice(100, 200));
    expect(growth).toBeLessThan(64 * mib);
  }, 300_000);
});
