import { fold, key, seedKind } from '../../base/key';
import {
  checkArgument,
  type Kind,
  kindOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../../base/options';
import { shapeKind } from '../../base/shape';
import { compressedDimension } from '../../compress/projector';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { random } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { meanOff } from '../most-off';
import { pilotDraws } from '../pilot';
import { alongDirection, judge, type Reading, randomDirection } from '../readings';
import { inner, readGradient, unit } from '../round-trip';
import type { LinearCore, Method } from './method';

const matrixKind: Kind<readonly [n: number, m: number]> = kindOf(
  'a shape [n, m] of at least one element',
  (value) => shapeKind.fits(value) && value.length === 2 && value.every((extent) => extent > 0),
);

const isCore = (value: unknown): boolean => {
  const { make, gain } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof make === 'function' && (gain === 'biased' || Number.isFinite(gain));
};

const methodKind: Kind<Pick<Method, 'core' | 'label'>> = {
  ...kindOf<Pick<Method, 'core' | 'label'>>('a method such as methods.galore', (value) => {
    const { label, core } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return typeof label === 'string' && (core === undefined || isCore(core));
  }),
  like: 'methods.galore',
};

const methodBiasOptions = {
  /** Shape [n, m] of the gradient, whose entries are normal. */
  shape: required(matrixKind),
  /** Rows of the projections. */
  rank: required(whole({ low: 1 })),
  /** The bias along one direction, relative to the size of the gradient, that must be seen (default 0.1). */
  effect: optional(number({ low: Number.MIN_VALUE }), 0.1),
  /** The largest chance that a right claim about the mean is convicted (default 1e-9). */
  falseAlarm: optional(number({ low: Number.MIN_VALUE, high: 1 - 2 ** -53 }), 1e-9),
  /** Everything random follows from it (default 0). */
  seed: optional(seedKind, 0),
};

/** What a method's mean update is tested on, and how surely. */
export interface MethodBiasOptions extends OptionsOf<typeof methodBiasOptions> {}

/** One test of a claim: the mean of ⟨U, W⟩/‖G‖ along one direction W of norm 1, U the update for the gradient G. */
export interface MethodBiasTest {
  /** W: `gradient`, `most off` (what the mean of draws of their own has across the gradient), or `random`. */
  readonly direction: string;
  /** What the test found. */
  readonly verdict: 'acquitted' | 'convicted';
  /** Draws until the case was clear. */
  readonly draws: number;
  /** Mean of ⟨U, W⟩/‖G‖ over these draws. */
  readonly mean: number;
  /** What the claim says of it. */
  readonly expected: number;
  /** The deviation that must be seen. */
  readonly effect: number;
  /** Evidence against the claim, in nats. */
  readonly statistic: number;
  /** Evidence that convicts, in nats. */
  readonly threshold: number;
}

/** What is known of a method's mean update for a fixed gradient. */
export interface MethodBias {
  /** The gain of its catalogue row, or `biased`; undefined where nothing in it is linear. */
  readonly declared: LinearCore['gain'] | undefined;
  /** The factor c in the claim E[U] = c·G: the declared gain, and 1 where the row says `biased`; null without a claim. */
  readonly tested: number | null;
  /** E[U] is G, or c·G with c ≠ 1 (`scaled`), or neither (`biased`); `not linear` where nothing is tested. */
  readonly verdict: 'unbiased' | 'scaled' | 'biased' | 'not linear';
  /** The verdict is the one that the row declares. */
  readonly asDeclared: boolean;
  /** Mean of ⟨U, G⟩/‖G‖² over the draws of its test: the best factor c; null without a claim. */
  readonly gain: number | null;
  /** E[U] is convicted of having a part across the gradient, so that no factor c makes it c·G. */
  readonly acrossGradient: boolean;
  /** The most draws that a test took. */
  readonly draws: number;
  /** The most evidence against the claim in any test, in nats. */
  readonly statistic: number;
  /** Evidence that convicts, in nats. */
  readonly threshold: number;
  /** The chance that any of the tests convicts a right claim. */
  readonly falseAlarm: number;
  /** A variance is not derived but measured, so that the chances of error are approximate. */
  readonly approximate: boolean;
  /** The tests, one for each direction. */
  readonly tests: readonly MethodBiasTest[];
}

const power = 0.999;

/**
 * Is the update of a method's linear part the gradient in expectation? The claim E[U] = c·G, with the gain c that the
 * catalogue declares and with c = 1 where it declares a bias, is tested by sequential means (`MeanTest`) along the
 * gradient, along the direction across it in which other draws were off the most, and along a random one. A conviction
 * across the gradient holds against every c. All tests together convict a right claim with chance at most `falseAlarm`.
 * @throws OptionError `options/…`
 * @throws OptionError `compress/nothing` where the method compresses no matrix of this shape at this rank
 * @see Hao, Cao and Mou, "Flora", ICML 2024, Theorem 2.4, for the random projection of which E[U] = G.
 * @example
 * const { verdict, declared, draws } = await methodBias(methods.galore, { shape: [6, 8], rank: 2 });
 * console.log(verdict, declared); // prints biased biased
 */
export async function methodBias(
  method: Pick<Method, 'core' | 'label'>,
  options: MethodBiasOptions,
): Promise<MethodBias> {
  if (arguments.length > 2) refuseExtra('methodBias', arguments, 2);
  checkArgument('methodBias', 'method', methodKind, method);
  const read = readOptions('methodBias', methodBiasOptions, options);
  const { core } = method;
  if (!core) return nothingLinear;
  const { shape, rank, falseAlarm, seed } = read;
  const gradient = random.normal(fold(key(seed), 'gradient'), shape);
  const draw = (trial: number) => updateOf(core, gradient, { rank, seed, trial });
  const readings = await readingsOf(core, gradient, read, draw);
  const judged = await judge(readings, draw, { power, falseAlarm: falseAlarm / readings.length });
  const tests = judged.map(({ reading, test }): MethodBiasTest => {
    const { draws, mean, evidence: statistic, threshold } = test;
    const verdict = test.verdict as MethodBiasTest['verdict']; // `judge` draws until there is one
    return { direction: reading.what, verdict, draws, mean, ...claimed(reading), statistic, threshold };
  });
  return { ...summary(core.gain, tests), falseAlarm, approximate: readings.some((one) => one.variance === undefined) };
}

const claimed = ({ expected, effect }: Reading) => ({ expected, effect });

const nothingLinear: MethodBias = {
  declared: undefined,
  tested: null,
  verdict: 'not linear',
  asDeclared: true,
  gain: null,
  acrossGradient: false,
  draws: 0,
  statistic: 0,
  threshold: Infinity,
  falseAlarm: 0,
  approximate: false,
  tests: [],
};

const testedGain = (gain: LinearCore['gain']): number => (gain === 'biased' ? 1 : gain);

function summary(declared: LinearCore['gain'], tests: readonly MethodBiasTest[]) {
  const convicted = tests.filter(({ verdict }) => verdict === 'convicted');
  const tested = testedGain(declared);
  const factor = tested === 1 ? 'unbiased' : 'scaled';
  return {
    declared,
    tested,
    verdict: convicted.length > 0 ? ('biased' as const) : (factor as 'unbiased' | 'scaled'),
    asDeclared: convicted.length > 0 === (declared === 'biased'),
    gain: (tests[0] as MethodBiasTest).mean,
    acrossGradient: convicted.some(({ direction }) => direction === 'most off'),
    draws: Math.max(...tests.map(({ draws }) => draws)),
    statistic: Math.max(...tests.map(({ statistic }) => statistic)),
    threshold: (tests[0] as MethodBiasTest).threshold,
    tests,
  };
}

/** The first update for one gradient under a draw of its own. Shapes: gradient [n, m] → n·m values. */
async function updateOf(
  core: LinearCore,
  gradient: Tensor,
  { rank, seed, trial }: { rank: number; seed: number; trial: number },
): Promise<ArrayLike<number>> {
  const [high, low] = fold(key(seed), 'trial', trial);
  const update = noGrad(() => {
    const transform = core.make({ rank, seed: high * 2 ** 21 + (low >>> 11) }); // 53 bits
    const w = { w: gradient };
    return transform.update(w, transform.init(w), w)[0].w as Tensor;
  });
  return update.data();
}

/** A core that is no round trip of a projector has no side that is compressed, and its variance is measured. */
const dense = { side: () => 'both' as const };
const measured = {};

async function readingsOf(
  core: LinearCore,
  gradient: Tensor,
  { shape, rank, effect, seed }: { shape: readonly [number, number]; rank: number; effect: number; seed: number },
  draw: (trial: number) => Promise<ArrayLike<number>>,
): Promise<Reading[]> {
  const gain = testedGain(core.gain);
  const values = await gradient.data();
  const along: [what: string, w: Float64Array][] = [['gradient', unit(values)]];
  const off = across(values, await meanOff(values, gain, draw, -1 - pilotDraws));
  if (inner(off, off) > 0) along.push(['most off', unit(off)]);
  along.push(['random', await randomDirection(shape, seed)]);
  const given = await readGradient(core.projector ?? dense, gradient);
  const theory = core.projector?.theory(compressedDimension(given), rank, given) ?? measured;
  const smallest = effect * Math.min(1, Math.abs(gain) || 1); // of 0.1·G a tenth may be lost unseen, not all of it
  return along.map(([what, w]) => ({ ...alongDirection(given, theory, gain, w), what, effect: smallest }));
}

/** What there is of `off` across the gradient. */
function across(values: ArrayLike<number>, off: Float64Array): Float64Array {
  const share = inner(values, off) / inner(values, values);
  return off.map((x, at) => x - share * (values[at] as number));
}
