import type { Shape } from '../base/shape';
import { Violation } from './violation';

/** One thing that every implementation of a contract owes, stated once for all subjects and all cases. */
export interface LawOf<Subject, Case> {
  readonly name: string;
  /**
   * What this subject does on this case. A law that looks at several things on the same draws has a finding for each.
   * @throws Violation where the law is broken and there is nothing to measure
   */
  find(subject: Subject, given: Case): Promise<Finding | readonly Finding[]>;
}

/** What a law found: it holds while the statistic is at most the threshold, unless `passed` says otherwise. */
export interface Finding {
  /** What was looked at, where a law looks at several things. */
  readonly of?: string;
  /** A sequential test can run out of draws below its threshold, and then it has not passed. */
  readonly passed?: boolean;
  readonly statistic: number;
  readonly threshold: number;
  readonly message: string;
  /** Random draws in the statistic. */
  readonly draws?: number;
  /** Shape of what was looked at, where a case has several. */
  readonly shape?: Shape | undefined;
}

export function passes({ passed, statistic, threshold }: Finding): boolean {
  return passed ?? statistic <= threshold;
}

/** For laws that are kept or broken: `wrong` says what is wrong, or is null. */
export function yesOrNo(wrong: string | null, right: string): Finding {
  return { statistic: wrong === null ? 0 : 1, threshold: 0, message: wrong ?? right };
}

/** All that a law finds. */
export async function findingsOf<Subject, Case>(
  law: LawOf<Subject, Case>,
  subject: Subject,
  given: Case,
): Promise<readonly Finding[]> {
  return [await law.find(subject, given)].flat();
}

/** @throws Violation unless the law holds of this subject on this case */
export async function hold<Subject, Case>(law: LawOf<Subject, Case>, subject: Subject, given: Case): Promise<void> {
  const broken = (await findingsOf(law, subject, given)).find((finding) => !passes(finding));
  if (broken) throw new Violation(broken.message);
}
