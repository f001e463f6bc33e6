import { expect } from 'vitest';
import type { SpikeReport } from './scenario';

/** What has to hold on every device. */
export function expectSpike(report: SpikeReport): void {
  expect(report.begunOnReturn).toBe(0);
  expect(report.orderFaults).toEqual([]);
  expect(report.device.length).toBe(report.reference.length);
  for (const [i, value] of report.reference.entries()) {
    // float32 sums of up to 1500 terms against float64 sums
    expect(Math.abs((report.device[i] as number) - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)) + 5e-5);
  }
  expect(report.created).toBeGreaterThan(report.jobs / 4);
  expect(report.deleted).toBe(report.created);
  expect(report.bytesWhileTraining).toBeGreaterThan(0);
  expect(report.bytesAfter).toBe(0);
}
