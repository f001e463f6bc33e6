import { type Paired, paired } from '../../src/cli/train/paired';

/** What the page says of a claim. The last: the task, or the number of seeds, does not decide it. */
export type Verdict = 'holds' | 'fails' | 'cannot tell here';

/** One number a seed; null where the training diverged. */
export type BySeed = readonly (number | null)[];

/** Mean and interval of a − b, seed by seed; null where one of them diverged. */
export function difference(a: BySeed, b: BySeed): Paired | null {
  const differences = a.map((x, i) => {
    const y = b[i];
    return typeof x === 'number' && typeof y === 'number' ? x - y : Number.NaN;
  });
  return differences.some(Number.isNaN) ? null : paired(differences);
}

/** Whether a difference is above `least`: holds or fails where all of the interval lies on one side of it. */
export function above(measured: Paired | null, least = 0): Verdict {
  if (!measured?.interval) return 'cannot tell here';
  const [low, high] = measured.interval;
  if (low > least) return 'holds';
  return high < least ? 'fails' : 'cannot tell here';
}

/** Whether something counted, which has no chance in it, is as claimed. */
export function counted(asClaimed: boolean): Verdict {
  return asClaimed ? 'holds' : 'fails';
}

/** A verdict that counts only where what is compared matters on the task at all: where the gain of the gate is above 0. */
export function behindGate(gate: Paired | null, verdict: Verdict): Verdict {
  return above(gate) === 'holds' ? verdict : 'cannot tell here';
}

/** The verdict on several things that are claimed together. */
export function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fails')) return 'fails';
  return verdicts.length === 0 || verdicts.includes('cannot tell here') ? 'cannot tell here' : 'holds';
}
