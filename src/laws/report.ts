import { StateError } from '../base/errors';
import { checkArgument, kindOf, listOf, refuseExtra, string } from '../base/options';
import { type Shape, show } from '../base/shape';
import { type Finding, passes } from './finding';

/** The finding of one law, with what replays it. */
export interface Verdict {
  /** Name of the law, or of what it looked at; the same for every subject. */
  readonly check: string;
  /** Whether the statistic stayed within the threshold. */
  readonly passed: boolean;
  /** What was measured; the law holds while it is at most `threshold`. */
  readonly statistic: number;
  /** The most that the statistic of a right subject may be. */
  readonly threshold: number;
  /** Random draws that the statistic is made of; 0 for a law that needs none. */
  readonly draws: number;
  /** Replays the finding together with `shape`. */
  readonly seed: number;
  /** Shape that the law was tried on, or that failed; null where several were looked at together. */
  readonly shape: Shape | null;
  /** The finding in words. */
  readonly message: string;
}

/** The verdict on a finding of this law. */
export function verdictOf(law: string, finding: Finding, { seed, shape }: Pick<Verdict, 'seed' | 'shape'>): Verdict {
  const { of = law, statistic, threshold, draws = 0, message } = finding;
  return {
    check: of,
    passed: passes(finding),
    statistic,
    threshold,
    draws,
    seed,
    shape: finding.shape ?? shape,
    message,
  };
}

const verdictsKind = listOf(
  kindOf<Verdict>('a verdict', (value) => typeof (value as { passed?: unknown } | null)?.passed === 'boolean'),
);

/**
 * The verdicts on one subject. Any test runner can use it: `report.passed`, `report.assert()`, or print it.
 * @example
 * const report = await checkProjector(projectors.haar, { cases: [{ shape: [4, 6], rank: 2 }] });
 * console.log(report.assert().subject); // prints projector haar
 */
export class Report {
  constructor(
    /** What was checked, for messages. */
    readonly subject: string,
    /** In the order of the laws. */
    readonly verdicts: readonly Verdict[],
  ) {
    if (arguments.length > 2) refuseExtra('Report', arguments, 2);
    checkArgument('Report', 'subject', string, subject);
    checkArgument('Report', 'verdicts', verdictsKind, verdicts);
  }

  /** Whether every law holds. */
  get passed(): boolean {
    return this.verdicts.every((verdict) => verdict.passed);
  }

  /**
   * This report, if everything in it passed.
   * @throws StateError `study/check-failed` with each failed check, what it found, and the seed and shape that replay it
   */
  assert(): this {
    if (arguments.length > 0) refuseExtra('assert', arguments, 0);
    if (this.passed) return this;
    const failed = this.verdicts.filter((verdict) => !verdict.passed);
    throw new StateError({
      code: 'study/check-failed',
      got: `${this.subject} failed ${failed.length} of ${this.verdicts.length} checks:\n${failed.map(finding).join('\n')}\n`,
      expected: 'every check to pass',
      fix: 'mend what the messages name, and run the same check again with the seed and shape beside it',
    });
  }

  /** A table with one line a verdict. */
  toString(): string {
    const head = ['', 'check', 'statistic', 'threshold', 'draws', 'seed', 'shape', 'finding'];
    const rows = this.verdicts.map((verdict) => [
      verdict.passed ? 'ok' : 'FAILED',
      verdict.check,
      brief(verdict.statistic),
      brief(verdict.threshold),
      String(verdict.draws),
      String(verdict.seed),
      shapeOf(verdict),
      verdict.message,
    ]);
    const lines = [head, ...rows];
    const widths = head.map((_, column) => Math.max(...lines.map((cells) => (cells[column] as string).length)));
    const table = lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] as number)).join('  '));
    const count = this.verdicts.filter(({ passed }) => passed).length;
    return [`${this.subject}: ${count} of ${rows.length} checks passed`, ...table.map((line) => line.trimEnd())].join(
      '\n',
    );
  }
}

function finding(verdict: Verdict): string {
  return `- ${verdict.check}: ${verdict.message} (seed ${verdict.seed}, shape ${shapeOf(verdict)})`;
}

function shapeOf({ shape }: Verdict): string {
  return shape ? show(shape) : '-';
}

function brief(x: number): string {
  return Number.isInteger(x) ? String(x) : x.toPrecision(3);
}
