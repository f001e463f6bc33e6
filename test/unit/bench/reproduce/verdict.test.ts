import { describe, expect, test } from 'vitest';
import { above, all, behindGate, counted, difference } from '../../../../bench/reproduce/verdict';

/** Differences 1, 2 and 3: mean 2, s.d. 1, and by the tables of Student's law t = 4.3027 for two degrees of freedom. */
const known = { a: [11, 22, 33], b: [10, 20, 30], half: 4.3027 / Math.sqrt(3) };

describe('differences between seeds', () => {
  test('are paired: what a seed does to both cancels, and the interval is that of the tables', () => {
    const measured = difference(known.a, known.b);
    expect(measured?.mean).toBeCloseTo(2, 12);
    expect(measured?.interval?.[0]).toBeCloseTo(2 - known.half, 3);
    expect(measured?.interval?.[1]).toBeCloseTo(2 + known.half, 3);
  });

  test('are nothing where a training diverged', () => {
    expect(difference([1, null, 3], [0, 0, 0])).toBeNull();
    expect(difference([1, 2, 3], [0, null, 0])).toBeNull();
  });
});

describe('a verdict', () => {
  const of = (low: number, high: number) => ({ mean: (low + high) / 2, interval: [low, high] as const });

  test('needs the whole interval on one side', () => {
    expect(above(of(0.1, 0.3))).toBe('holds');
    expect(above(of(-0.3, -0.1))).toBe('fails');
    expect(above(of(-0.1, 0.3))).toBe('cannot tell here');
  });

  test('is about what is claimed, not about zero', () => {
    expect(above(of(0.1, 0.3), 0.2)).toBe('cannot tell here');
    expect(above(of(-0.3, -0.1), -0.5)).toBe('holds');
  });

  test('cannot be had from one seed, or from a training that diverged', () => {
    expect(above({ mean: 5, interval: null })).toBe('cannot tell here');
    expect(above(null)).toBe('cannot tell here');
  });

  test('does not pass a gate that is not clearly open, whatever it is', () => {
    for (const verdict of ['holds', 'fails'] as const) {
      expect(behindGate(of(0.1, 0.2), verdict)).toBe(verdict);
      expect(behindGate(of(-0.1, 0.2), verdict)).toBe('cannot tell here');
      expect(behindGate(of(-0.2, -0.1), verdict)).toBe('cannot tell here');
      expect(behindGate(null, verdict)).toBe('cannot tell here');
    }
  });

  test('on several things holds with all of them, and fails with any', () => {
    expect(all(['holds', 'holds'])).toBe('holds');
    expect(all(['holds', 'cannot tell here'])).toBe('cannot tell here');
    expect(all(['cannot tell here', 'fails', 'holds'])).toBe('fails');
    expect(all([])).toBe('cannot tell here');
    expect([counted(true), counted(false)]).toEqual(['holds', 'fails']);
  });
});
