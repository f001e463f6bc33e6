import { OptionError } from '../../base/errors';
import { seedKind } from '../../base/key';
import {
  callable,
  checkArgument,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../base/options';
import { type Shape, shapeKind, show } from '../../base/shape';
import type { GradientTransform } from '../../optim/transform';
import { findingsOf, yesOrNo } from '../finding';
import { Report, type Verdict, verdictOf } from '../report';
import { allLaws } from './all';
import type { TransformCase } from './case';
import { guarded } from './guarded';
import type { TransformLaw } from './law';
import { type MeanOptions, meansLaw } from './means';

const checkTransformOptions = {
  /** Shapes of the parameters that it is tried on (default [16, 12], [12, 16], [5] and a scalar). */
  shapes: optional(listOf(shapeKind)),
  /**
   * The transform that this one is in expectation over seeds, for fixed gradients: `() => ema({ decay: 0.9 })` for a
   * compressed momentum. Without it nothing random is checked.
   */
  expected: optional(callable<() => GradientTransform<unknown>>('that makes a gradient transform')),
  /** Gradients in a row over which the means are compared (default 4); take whole cycles and a few refreshes. */
  steps: optional(whole({ low: 1 }), 4),
  /** Chance that a right transform fails any of the tests of means (default 1e-9). */
  falseAlarm: optional(number({ low: Number.MIN_VALUE, high: 0.5 }), 1e-9),
  /** Chance that a bias of `effect` is seen (default 0.999). */
  power: optional(number({ low: 0.5, high: 1 - 2 ** -53 }), 0.999),
  /** Size of a bias that must be seen, relative to the expected updates (default 0.1); draws grow as 1/effect². */
  effect: optional(number({ low: 1e-3 }), 0.1),
  /** All cases and draws are a function of it (default 0). */
  seed: optional(seedKind, 0),
};

/** On what, and how sure, a transform is checked. */
export interface CheckTransformOptions extends OptionsOf<typeof checkTransformOptions> {}

/**
 * Check a gradient transform against everything that transforms owe (the laws of `floragrad/laws`, on one case), and,
 * with `expected`, that the mean of its updates over seeds is what it claims. Needs no test runner: print the report, or
 * `assert()` it. `make(seed)` makes the transform; one without randomness ignores the seed.
 *
 * **How many draws.** The random verdicts share `falseAlarm`. Each is a sequential test (`MeanTest`) of the mean along one
 * direction, against biases of `effect`·‖expected‖, that stops as soon as the case is clear; some hundred first draws
 * measure the variance it needs, so levels are approximate, and the messages say so.
 * @throws OptionError `options/…`, `study/draws` when more than 200,000 draws could be needed
 * @example
 * const momentum = ema({ decay: 0.9 });
 * const settings = { projector: projectors.gaussian, rank: 4, refreshEvery: 2, onRefresh: 'transfer' } as const;
 * const make = (seed: number) => compress({ ...settings, inner: momentum, seed });
 * const report = await checkTransform(make, { expected: () => momentum, effect: 0.5 });
 * console.log(report.passed); // prints true
 */
export async function checkTransform<S>(
  make: (seed: number) => GradientTransform<S>,
  options: CheckTransformOptions = {},
): Promise<Report> {
  if (arguments.length > 2) refuseExtra('checkTransform', arguments, 2);
  checkArgument('checkTransform', 'make', makeKind, make);
  const { given, mean } = settle(options);
  const made = () => guarded(() => make(given.seed));
  const verdicts: Verdict[] = [];
  for (const law of Object.values<TransformLaw>(allLaws)) {
    const found = await verdictsOn(law, made, given);
    verdicts.push(...found);
    if (law.premise && !found.every(({ passed }) => passed))
      return new Report(subjectOf(make, given), stoppedAt(verdicts));
  }
  if (mean) {
    const law = meansLaw(mean);
    const findings = await findingsOf(law, make, given);
    verdicts.push(...findings.map((finding) => verdictOf(law.name, finding, replay(given))));
  }
  return new Report(subjectOf(make, given), verdicts);
}

const makeKind = callable('of a seed that makes a gradient transform');

function settle(options: CheckTransformOptions): { given: TransformCase; mean: MeanOptions | null } {
  const read = readOptions('checkTransform', checkTransformOptions, options, 'make');
  const { shapes = defaultShapes, expected, steps, falseAlarm, power, effect, seed } = read;
  if (shapes.length === 0) throw noShapes();
  const named = Object.fromEntries(shapes.map((shape, i) => [`parameters.${i}`, shape]));
  return {
    // Every other leaf is there in thinned gradients, and runs are interrupted in the middle.
    given: { shapes: named, present: Object.keys(named).filter((_, i) => i % 2 === 0), stop: 1, seed },
    mean: expected ? { expected, steps, falseAlarm, power, effect } : null,
  };
}

/** An error on the way is a finding too. */
async function verdictsOn(
  law: TransformLaw,
  make: () => GradientTransform<unknown>,
  given: TransformCase,
): Promise<Verdict[]> {
  try {
    return (await findingsOf(law, make, given)).map((finding) => verdictOf(law.name, finding, replay(given)));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [verdictOf(law.name, yesOrNo(message, ''), replay(given))];
  }
}

/** A case has several shapes. */
const replay = ({ seed }: TransformCase): Pick<Verdict, 'seed' | 'shape'> => ({ seed, shape: null });

/** The last verdict says that the laws after it were not tried. */
function stoppedAt(verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.map((verdict, i) =>
    i < verdicts.length - 1
      ? verdict
      : { ...verdict, message: `${verdict.message} (the other checks build on this one and did not run)` },
  );
}

function subjectOf<S>(make: (seed: number) => GradientTransform<S>, { shapes, seed }: TransformCase): string {
  let name: string | undefined;
  try {
    name = make(seed)?.name;
  } catch {
    // The first law has said what is wrong with it.
  }
  return `${name ?? 'transform'} on ${Object.values(shapes).map(show).join(', ')}`;
}

function noShapes(): OptionError {
  return new OptionError({
    code: 'options/range',
    got: 'checkTransform got no shapes',
    expected: 'at least one shape of a parameter',
    fix: 'leave shapes out for the default, or pass one such as [[16, 12]]',
  });
}

const defaultShapes: readonly Shape[] = [[16, 12], [12, 16], [5], []];
