import { describe, expect, it } from 'vitest';
import { Report, type Verdict } from '../../../src/laws/report';

const fine: Verdict = {
  check: 'mean',
  passed: true,
  statistic: 0.01234,
  threshold: 0.1,
  draws: 166,
  seed: 7,
  shape: [2, 3],
  message: 'near enough',
};
const wrong: Verdict = { ...fine, check: 'pure', passed: false, statistic: 1, threshold: 0, draws: 0, shape: null };

describe('a report', () => {
  it('passes when every verdict does, and then is its own assertion', () => {
    const report = new Report('gaussian', [fine, fine]);
    expect(report.passed).toBe(true);
    expect(report.assert()).toBe(report);
  });

  it('fails with the failed checks alone, each with its replay', () => {
    const report = new Report('mine', [fine, { ...wrong, message: 'two answers' }]);
    expect(report.passed).toBe(false);
    expect(() => report.assert()).toThrow(
      '[study/check-failed] mine failed 1 of 2 checks:\n- pure: two answers (seed 7, shape -)\n; expected',
    );
  });

  it('prints as a table', () => {
    expect(new Report('mine', [fine, { ...wrong, message: 'two answers' }]).toString()).toBe(
      [
        'mine: 1 of 2 checks passed',
        '        check  statistic  threshold  draws  seed  shape   finding',
        'ok      mean   0.0123     0.100      166    7     [2, 3]  near enough',
        'FAILED  pure   1          0          0      7     -       two answers',
      ].join('\n'),
    );
  });
});
