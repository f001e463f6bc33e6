import { describe, expect, test } from 'vitest';
import { type ClaimOf, claim } from '../../../../bench/reproduce/claim';
import { loraProjection } from '../../../../bench/reproduce/claims/lora-projection';
import { lors } from '../../../../bench/reproduce/claims/lors';
import { momentumMlp } from '../../../../bench/reproduce/claims/momentum-mlp';
import { periodicLora } from '../../../../bench/reproduce/claims/periodic-lora';
import { rank } from '../../../../bench/reproduce/claims/rank';
import { state } from '../../../../bench/reproduce/claims/state';

const seeds = { tuning: 100, counted: [0, 1, 2] };

/** A claim on a smaller setting, through the texts that go between processes. */
async function measured<S, J, R>(of: ClaimOf<S, J, R>, setting: Partial<S>) {
  const { perform, find } = claim({ ...of, setting: { ...of.setting, ...setting } });
  return find((jobs) => Promise.all(jobs.map(perform)));
}

const verdicts = ({ parts }: Awaited<ReturnType<typeof measured>>) => parts.map(({ verdict }) => verdict);

describe('claims on small settings', () => {
  test('state: bytes of Flora double with n, and so they are said to', async () => {
    const finding = await measured(state, { sizes: [32, 64, 128] });
    expect(verdicts(finding)).toEqual(['holds']);
    expect(finding.parts[0]?.because).toContain(`${(4 * (16 * 128 + 2 * 128)).toLocaleString('en-US')} bytes`);
  });

  test('rank: too few projections for full rank fail', async () => {
    const small = { seeds: [0], dimension: 8, rank: 1, steps: 60 };
    expect(verdicts(await measured(rank, { ...small, refreshEvery: 5 }))).toEqual(['holds', 'holds']);
    expect(verdicts(await measured(rank, { ...small, refreshEvery: 30 }))).toEqual(['fails', 'holds']);
  });

  test('lora-projection: at large rates the deviation is not of second order', async () => {
    const small = { dimension: 8, samples: 16, rank: 2, steps: 10, seeds: [0, 1, 2] };
    const [, large] = verdicts(await measured(loraProjection, { ...small, rates: [0.2, 0.1] }));
    expect(large).not.toBe('holds');
    expect(verdicts(await measured(loraProjection, { ...small, rates: [0.002, 0.001] }))).toEqual(['holds', 'holds']);
  });

  test('momentum-mlp: before anything has been learned, the gate is closed', async () => {
    const finding = await measured(momentumMlp, { width: 24, samples: 24, steps: 1, rates: [1e-6], seeds });
    expect(new Set(verdicts(finding))).toEqual(new Set(['cannot tell here']));
  });

  test('periodic-lora: no linear result is below its floor', async () => {
    const small = { width: 8, rank: 1, steps: 160, stages: [4], rates: [0.03], seeds };
    const tasks = [{ name: 'linear', layers: 1, shift: 8 }] as const;
    const finding = await measured(periodicLora, { ...small, tasks });
    expect(verdicts(finding).slice(0, 2)).toEqual(['holds', 'holds']);
    const row = finding.table.find((line) => line.startsWith('| PeriodicLoRA, 4 stages')) ?? '';
    const cells = row.split('|').map((cell) => cell.trim());
    const floor = Number(cells.at(-2));
    const mean = cells.slice(3, 6).reduce((sum, cell) => sum + 10 ** Number(cell) / 3, 0);
    expect(mean).toBeGreaterThan(10 ** floor - 0.01);
    expect(mean).toBeLessThan(10 ** floor + 0.05);
  });

  test('lors: counts do not depend on what was trained, and zeros stay', async () => {
    const layer = { tokens: 16, size: 32, rank: 2 };
    const small = { layer, task: { width: 8, rank: 2, steps: 5 }, rates: [0.01], seeds };
    const finding = await measured(lors, small);
    expect(verdicts(finding).slice(1, 3)).toEqual(['holds', 'holds']);
    // Output, ∇x, D·B, X·Aᵀ, ∇B, ∇A, and the weight twice.
    const { tokens: n, size: d, rank: r } = layer;
    expect(finding.table.join('\n')).toContain((2 * n * d * d + 4 * n * d * r + 2 * d * d * r).toLocaleString('en-US'));
  });
});
