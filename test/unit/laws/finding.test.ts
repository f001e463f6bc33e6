import { expect, it } from 'vitest';
import { type Finding, hold, type LawOf } from '../../../src/laws/finding';
import { verdictOf } from '../../../src/laws/report';

const law = (...findings: Finding[]): LawOf<null, null> => ({ name: 'law', find: async () => findings });
const fine: Finding = { statistic: 1, threshold: 1, message: 'fine' };

it('a test that ran out of draws below its threshold has not passed, in a report and in a test runner', async () => {
  const late: Finding = { ...fine, passed: false, of: 'mean', message: 'late' };
  expect(verdictOf('law', late, { seed: 3, shape: null })).toMatchObject({ check: 'mean', passed: false, seed: 3 });
  await expect(hold(law(fine, late), null, null)).rejects.toThrow('late');
  await hold(law(fine, fine), null, null);
});

it('a statistic that is no number has not passed', async () => {
  await expect(hold(law({ ...fine, statistic: Number.NaN }), null, null)).rejects.toThrow('fine');
});
