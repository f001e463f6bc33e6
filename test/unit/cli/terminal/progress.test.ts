import pc from 'picocolors';
import { afterEach, expect, test, vi } from 'vitest';
import type { Screen } from '../../../../src/cli/terminal/io';
import { trainingProgress } from '../../../../src/cli/terminal/progress';

afterEach(() => vi.restoreAllMocks());

/** What a training of 100 steps of 10 tokens says, when it takes these steps and each takes a second. */
function said(steps: readonly number[]): string[] {
  const lines: string[] = [];
  const screen = { stream: { write: () => {} }, paint: pc.createColors(false), line: (text = '') => lines.push(text) };
  let now = 1e6;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const shown = trainingProgress(screen as unknown as Screen, 100, 10);
  for (const step of steps) {
    now += 1000;
    shown.update(step, 2.5);
  }
  return lines.map((line) => line.trim().replaceAll(/ +/g, ' '));
}
const from = (first: number, last = 100): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('a run that begins tells a tenth of its steps at a time, its speed and the time left', () => {
  const lines = said(from(1));
  expect(lines.length).toBe(10);
  expect(lines[0]).toBe('step 10/100 loss 2.500 10 tokens/s 90 s left');
  expect(lines.at(-1)).toBe('step 100/100 loss 2.500 10 tokens/s 2 min');
});

test('a run that goes on tells the speed of what it does, and not of what was done before', () => {
  const lines = said(from(41));
  expect(lines[0]).toBe('step 50/100 loss 2.500 10 tokens/s 50 s left');
  expect(lines.at(-1)).toBe('step 100/100 loss 2.500 10 tokens/s 60 s');
  expect(said([100])).toEqual(['step 100/100 loss 2.500 10 tokens/s 1.0 s']);
});
