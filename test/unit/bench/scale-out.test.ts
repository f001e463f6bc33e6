import { describe, expect, it } from 'vitest';
import { bytesSent, crossover, fitNetwork, measuredCrossover, stepSeconds } from '../../../bench/scale-out/model';

describe('the model of a step', () => {
  const network = { latency: 1e-4, perByte: 8e-8 }; // 100 Mbit/s
  const dense = { compute: 0.2, bytes: 6.4e6, sums: 1 };
  const flora = { compute: 0.3, bytes: 0.4e6, sums: 10 };

  it('is a sum that can be done by hand', () => {
    expect(stepSeconds(dense, network, 2, 'order')).toBeCloseTo(0.2 + 3 * 1e-4 + 0.512, 12);
    expect(stepSeconds(dense, network, 1024, 'library')).toBeCloseTo(
      0.2 + 30 * 1e-4 + (2 * 1023 * 6.4e6 * 8e-8) / 1024,
      12,
    );
    expect(stepSeconds(dense, network, 1, 'order')).toBe(0.2);
    expect(bytesSent(4, 100)).toBe(150);
  });

  it('finds latency and bandwidth again in times that they made', () => {
    const sums = [256, 4e4, 6e6].map((bytes) => ({ bytes, seconds: 6 * 1e-4 + 1.5 * bytes * 8e-8 }));
    const { latency, perByte } = fitNetwork(4, sums);
    expect(latency).toBeCloseTo(1e-4, 10);
    expect(perByte).toBeCloseTo(8e-8, 14);
  });

  it('takes as long either way at the crossover, and says where there is none', () => {
    const perByte = crossover(dense, flora, network.latency, 2, 'order') as number;
    const at = { latency: network.latency, perByte };
    expect(stepSeconds(dense, at, 2, 'order')).toBeCloseTo(stepSeconds(flora, at, 2, 'order'), 12);
    expect(crossover(dense, { ...flora, compute: 0.1 }, 1e-5, 2, 'order')).toBeNull();
  });

  it('finds where measured gains change their sign', () => {
    const points = [
      { megabits: 1000, gain: -0.5 },
      { megabits: 100, gain: 4 },
    ];
    // 4 − 4.5·share = 0; in seconds a bit from 1/100 to 1/1000.
    expect(measuredCrossover(points)).toBeCloseTo(1 / (0.01 - (4 / 4.5) * 0.009), 8);
    expect(measuredCrossover([{ megabits: 100, gain: 1 }])).toBeNull();
  });
});
