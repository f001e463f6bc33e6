import { checkArgument, kindOf, number, type OptionsOf, readOptions, refuseExtra, required } from '../base/options';

const chance = number({ low: Number.MIN_VALUE, high: 1 - 2 ** -53 });

/** NaN where first draws were no numbers: then the next sample convicts. */
const varianceKind = kindOf<number>(
  'a number ≥ 0',
  (value) => typeof value === 'number' && !(value < 0),
  'options/range',
);

const meanTestOptions = {
  /** The mean of a right subject. */
  expected: required(number()),
  /** σ², or an upper bound of it. */
  variance: required(varianceKind),
  /** The smallest distance from it that must be found. */
  effect: required(number({ low: Number.MIN_VALUE })),
  /** The largest chance that the right mean is convicted. */
  falseAlarm: required(chance),
  /** The least chance that a mean off by `effect` or more is convicted. */
  power: required(chance),
};

/** What is to be told apart, and how surely. */
export interface MeanTestOptions extends OptionsOf<typeof meanTestOptions> {}

const sampleKind = kindOf<number>('a number, NaN too', (value) => typeof value === 'number');

/**
 * A sequential test of a mean: is it `expected`, or off by `effect` or more? It looks after every sample and stops as soon
 * as the case is clear, with both error chances proven from the variance alone, however skewed the samples are.
 *
 * The idea is a bet against a hypothesis, such as "the mean is `expected`": every sample multiplies the stake by a factor
 * that under the hypothesis is at most 1 on average. Then the stake ever grows to 1/δ with chance at most δ, however often
 * one looks, so a stake that large convicts, with a false alarm of δ. Means that are off by `effect` are bet against too:
 * once both of those bets are won, the mean is closer than that, and the subject is acquitted. Without a stated effect no
 * test could ever acquit: a smaller error would always remain possible.
 *
 * With ψ(x) = ln(1 + x + x²/2) for x ≥ 0 and odd, E exp ψ(α(X − μ)) ≤ 1 + α²σ²/2 ≤ exp(α²σ²/2) (Catoni). So for a mean of μ
 * the product of exp(ψ(α(X − μ)) − α²σ²/2) over the samples is a supermartingale, and by Ville's inequality it ever reaches
 * e^L with chance at most e^−L. Its logarithm is the _evidence_ against the mean μ or below; −X gives the other side.
 *
 * - convicted: the evidence against `expected` reaches ln(4/falseAlarm) on one side: a chance of falseAlarm/2 in all.
 * - acquitted: the evidence against expected + effect and that against expected − effect reach ln(1/(1 − power)). A mean
 *   that is off by `effect` or more, with a variance as promised, is acquitted with chance at most 1 − power.
 * - no decision after `most` samples counts as a conviction. For the right mean and v = max(σ², effect²),
 *   E exp(−increment) ≤ exp(−g) with g = (effect²/v)·(¼ − effect²/(8v)), so Markov's inequality bounds the chance that one
 *   of the two acquitting sides is late: 2·exp(ln(1/(1 − power)) − g·most) = falseAlarm/2.
 *
 * @see Catoni, "Challenging the empirical mean and empirical variance", AIHP 48 (2012), for ψ.
 */
export class MeanTest {
  /** Samples so far. */
  draws = 0;
  /** If there is no verdict after this many samples, the verdict is `convicted`. */
  readonly most: number;
  /** Evidence against the expected mean that convicts, in nats. */
  readonly threshold: number;
  /** What is clear so far; null while nothing is. */
  verdict: 'convicted' | 'acquitted' | null = null;

  #sum = 0;
  readonly #rate: number; // α
  readonly #penalty: number; // α²σ²/2
  readonly #enough: number; // ln(1/(1 − power)), the evidence that acquits
  readonly #against = { above: 0, below: 0 };
  readonly #againstEffect = { above: 0, below: 0 };

  constructor(
    /** What is to be told apart, and how surely. */
    readonly options: MeanTestOptions,
  ) {
    if (arguments.length > 1) refuseExtra('MeanTest', arguments, 1);
    const { variance, effect, falseAlarm, power } = readOptions('MeanTest', meanTestOptions, options);
    const v = Math.max(variance, effect ** 2);
    this.#rate = effect / (2 * v);
    this.#penalty = (this.#rate ** 2 * v) / 2;
    this.threshold = Math.log(4 / falseAlarm);
    this.#enough = -Math.log(1 - power);
    const g = (effect ** 2 / v) * (1 / 4 - effect ** 2 / (8 * v));
    this.most = Math.ceil((this.#enough + this.threshold) / g);
  }

  /** The mean of the samples so far. */
  get mean(): number {
    return this.#sum / this.draws;
  }

  /** Evidence against the expected mean, in nats: the larger of both sides. */
  get evidence(): number {
    return Math.max(this.#against.above, this.#against.below);
  }

  /** Take one more sample, unless the verdict is known. A sample that is no number convicts. */
  add(x: number): void {
    if (arguments.length > 1) refuseExtra('add', arguments, 1);
    checkArgument('add', 'x', sampleKind, x);
    if (this.verdict) return;
    const { expected, effect } = this.options;
    this.draws += 1;
    this.#sum += x;
    if (!Number.isFinite(x)) {
      this.#against.above = Infinity;
      this.verdict = 'convicted';
      return;
    }
    this.#against.above += this.#evidence(x - expected);
    this.#against.below += this.#evidence(expected - x);
    this.#againstEffect.above += this.#evidence(expected + effect - x);
    this.#againstEffect.below += this.#evidence(x - (expected - effect));
    const excluded = Math.min(this.#againstEffect.above, this.#againstEffect.below) >= this.#enough;
    if (this.evidence >= this.threshold) this.verdict = 'convicted';
    else if (excluded) this.verdict = 'acquitted';
    else if (this.draws >= this.most) this.verdict = 'convicted';
  }

  #evidence(x: number): number {
    return psi(this.#rate * x) - this.#penalty;
  }
}

function psi(x: number): number {
  const size = Math.abs(x);
  return Math.sign(x) * Math.log1p(size + (size * size) / 2);
}
