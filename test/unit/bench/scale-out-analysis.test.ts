import { describe, expect, it } from 'vitest';
import { analyse } from '../../../bench/scale-out/analysis';
import { pageOf } from '../../../bench/scale-out/page';
import type { Found, Method } from '../../../bench/scale-out/rank';
import type { Measured, Run } from '../../../bench/scale-out.js';

const lengths = [64, 4096, 524_288];
const floats: Record<Method, number> = { dense: 1_600_000, flora: 120_000, half: 860_000 };
/** Seconds. `half` computes for 40 ms more and sends 740,000 numbers less: it is ahead up to 740,000·32/0.04 = 592 Mbit/s. */
const compute: Record<Method, number> = { dense: 0.2, flora: 0.19, half: 0.24 };

/** Two nodes that take exactly as long as nine tenths of the rate say, 20 µs a message, and one late step. */
function runAt(megabits: number | null): Run {
  const rate = megabits === null ? 8000 : 0.9 * megabits;
  const network = (size: number): number => (4 * size * 8) / (rate * 1e6);
  const trained = Object.fromEntries(
    (Object.keys(floats) as Method[]).map((method) => {
      const waited = 3 * 20e-6 + network(floats[method]);
      const sample = { seconds: compute[method] + waited, waited };
      const late = { seconds: 9, waited: 1 };
      const sent = 4 * floats[method];
      return [
        method,
        {
          samples: [sample, late, sample, sample],
          payloadBytes: sent,
          sentBytes: sent * 1.01,
          sums: 1,
          floats: floats[method],
        },
      ];
    }),
  ) as unknown as Found['trained'];
  const sums = lengths.map((length) => 2 * 20e-6 + network(length));
  const found = { parameters: 1_600_000, sums, trained };
  return { nodes: 2, megabits, found: [found, found] };
}

const measured: Measured = {
  library: 'mpich',
  processor: '2 × a processor',
  sizes: { width: 256, layers: 2, context: 64, batch: 4 },
  lengths,
  steps: 4,
  runs: [100, 300, 1000, null].map(runAt),
  overlaps: [{ megabits: 100, sum: 0.5, apart: 0.6, together: 0.51 }],
};

describe('the analysis of runs that follow the model', () => {
  const found = analyse(measured);

  it('finds the network again in the sums, and the model in the steps', () => {
    expect(found.networks.map(({ megabits }) => megabits)).toEqual([100, 300, 1000, null]);
    for (const { latency } of found.networks) expect(latency).toBeCloseTo(20e-6, 9);
    expect(found.efficiency).toBeCloseTo(0.9, 6);
    expect(found.fastest).toBeCloseTo(8000, 3);
    expect(found.rows).toHaveLength(9);
    for (const { predicted, seconds } of found.rows) expect(predicted / seconds).toBeCloseTo(1, 6);
  });

  it('has a crossover, measured and by the model, of the method that has one', () => {
    expect(found.crossovers.half.model).toBeCloseTo(592, 0);
    expect((found.crossovers.half.measured as number) / 592).toBeCloseTo(1, 1);
    expect(found.crossovers.flora).toEqual({ measured: null, model: null });
  });

  it('is written down with what was to be shown', () => {
    const page = pageOf(measured);
    expect(page).toMatch(/counters within 2 % of 2\(N − 1\)\/N·S at every limit, Flora +\| +1\.0 % +\| yes/);
    expect(page).toMatch(/crossover of rank 16, .* \| +none and none \| yes/);
    expect(page).toMatch(/crossover of rank 128, .* \| +59\d and 592 \| yes/);
    expect(page).toMatch(/\| +100 \| +500 \| +600 \| +510 \| 15\.0 % \|/);
  });

  it('says no where a counter is off', () => {
    const [first, ...others] = measured.runs as [Run, ...Run[]];
    const heavy = structuredClone(first) as unknown as { found: { trained: Record<Method, { sentBytes: number }> }[] };
    for (const { trained } of heavy.found) trained.half.sentBytes = 4 * floats.half * 1.03;
    const page = pageOf({ ...measured, runs: [heavy as unknown as Run, ...others] });
    expect(page).toMatch(/at every limit, Flora +\| +3\.0 % +\| \*\*no\*\*/);
    expect(page).toMatch(/at every limit, dense +\| +1\.0 % +\| yes/);
  });
});
