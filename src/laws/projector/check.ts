import { seedKind } from '../../base/key';
import {
  boolean,
  checkArgument,
  kindOf,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
} from '../../base/options';
import { shapeKind } from '../../base/shape';
import { type Projection, type Projector, projectorKind } from '../../compress/projector';
import { findingsOf } from '../finding';
import { Report, type Verdict, verdictOf } from '../report';
import type { ProjectorCase, ProjectorLaw } from './case';
import { exactLaws } from './exact';
import { meansLaw } from './means';

const chance = number({ low: Number.MIN_VALUE, high: 1 - Number.EPSILON });

const caseKind = kindOf<Pick<ProjectorCase, 'shape' | 'rank'>>('{ shape: [n, m], rank }', (value) => {
  const { shape, rank } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return shapeKind.fits(shape) && shape.length === 2 && Number.isSafeInteger(rank) && (rank as number) >= 1;
});

const checkProjectorOptions = {
  /** Gradients [n, m] and ranks to check on (default: one wide, one tall, and a square at full rank). */
  cases: optional(listOf(caseKind)),
  /** Everything random follows from it (default 0). */
  seed: optional(seedKind, 0),
  /** Chance that a right projector fails any of the laws about means (default 1e-9). */
  falseAlarm: optional(chance, 1e-9),
  /** Chance that an error of `effect` is seen (default 0.999). */
  power: optional(chance, 0.999),
  /** Size of an error that must be seen, relative to the promise (default 0.1). */
  effect: optional(number({ low: Number.MIN_VALUE }), 0.1),
  /** Leave out what comes after the first law that fails: enough to know that something is wrong (default false). */
  stopAtFailure: optional(boolean, false),
};

/** On what, and how sure, a projector is certified. */
export interface CheckProjectorOptions extends OptionsOf<typeof checkProjectorOptions> {}

/**
 * Certify a projector: that it is linear, that up is the transpose of down, that a key regenerates its draw, that left and
 * right agree, that a transfer is what it says, that its state has the promised size, and that over fresh draws its mean,
 * its mean squared error and its mean after a transfer are what its `theory` promises.
 *
 * The laws about means are tested sequentially (`mean-test.ts`): they stop as soon as the case is clear. A right projector is
 * called wrong by any of them with chance at most `falseAlarm` (default 1e-9, for the whole call); one whose mean or mean
 * squared error is off by `effect` (default 0.1) of the promise or more passes with chance at most 1 − `power` (default
 * 0.999). Both are proven from the variances of the theory; a check whose variance is not derived says that its level is
 * approximate.
 * @throws OptionError `options/…`
 * @example
 * const report = await checkProjector(projectors.rademacher, { cases: [{ shape: [6, 16], rank: 3 }], effect: 0.3 });
 * console.log(report.passed); // prints true
 */
export async function checkProjector<P extends Projection>(
  projector: Projector<P>,
  options: CheckProjectorOptions = {},
): Promise<Report> {
  if (arguments.length > 2) refuseExtra('checkProjector', arguments, 2);
  checkArgument('checkProjector', 'projector', projectorKind, projector);
  const read = readOptions('checkProjector', checkProjectorOptions, options, 'projector');
  const { cases = usualCases, seed, falseAlarm, power, effect, stopAtFailure } = read;
  const verdicts: Verdict[] = [];
  const enough = (): boolean => stopAtFailure && verdicts.some(({ passed }) => !passed);
  for (const { shape, rank } of cases) {
    const given = { shape, rank, seed };
    const certainty = { falseAlarm: falseAlarm / cases.length, power, effect };
    for (const law of [...exactLaws, meansLaw(certainty, stopAtFailure)])
      if (!enough()) verdicts.push(...(await verdictsOn(law, projector, given)));
  }
  return new Report(`projector ${projector.name}`, verdicts);
}

/** The message says the rank, which a shape does not. */
async function verdictsOn(law: ProjectorLaw, projector: Projector, given: ProjectorCase): Promise<Verdict[]> {
  const findings = await findingsOf(law, projector, given);
  return findings.map((finding) =>
    verdictOf(law.name, { ...finding, message: `${finding.message} (rank ${given.rank})` }, given),
  );
}

/** A wide one, a tall one, and a square at full rank. */
export const usualCases = [
  { shape: [6, 16], rank: 3 },
  { shape: [15, 7], rank: 2 },
  { shape: [8, 8], rank: 8 },
] as const;
