import { fillRow } from '../../base/distribution';
import type { TypedArray } from '../../base/dtype';
import { ShapeError } from '../../base/errors';
import { key } from '../../base/key';
import {
  callable,
  checkArgument,
  inMessage,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
} from '../../base/options';
import { type Shape, show, stridesOf } from '../../base/shape';
import { withValue } from '../assign';
import { checkParams } from '../check';
import { checkFloat } from '../op';
import { fromArray } from '../ops/create';
import { mul } from '../ops/elementwise/mul';
import { stopGradient } from '../ops/elementwise/stop-gradient';
import { sum } from '../ops/reductions/sum';
import type { Params, Tensor } from '../tensor';
import { isTensor } from '../tree';
import { centralDifference, type Difference } from './central-difference';
import { valueAndGrad } from './grad';
import { noGrad } from './no-grad';

/** What `gradCheck` found, with the coordinate where the two derivatives fit least. Prints as a sentence. */
export interface GradCheckReport {
  /** No coordinate deviates by more than tolerance and error allow, and at least half could be decided. */
  readonly passed: boolean;
  /** |analytic − numeric| there, relative to the larger one, or to a hundredth of the leaf's largest gradient. */
  readonly deviation: number;
  /** Path of the parameter; `x` if there is just one tensor. */
  readonly path: string;
  /** Position in the tensor, one entry for each axis. */
  readonly index: readonly number[];
  /** The derivative from the backward pass, there. */
  readonly analytic: number;
  /** The derivative from differences, there. */
  readonly numeric: number;
  /** How far the numeric value may be off: rounding, curvature, a kink nearby. */
  readonly error: number;
  /** Coordinates that were compared. */
  readonly checked: number;
  /** Coordinates at a kink, or where f is too rough or too random for differences. */
  readonly undecided: number;
  /** All of it in a sentence. */
  toString(): string;
}

const gradCheckOptions = {
  /** Largest deviation, relative to the larger of the two derivatives (default 1e-3). */
  tolerance: optional(number({ low: 0 }), 1e-3),
};

/** How exact the gradient has to be. */
export interface GradCheckOptions extends OptionsOf<typeof gradCheckOptions> {}

const checkable = callable('that returns a tensor');

/**
 * Compare the gradient with central differences in every coordinate: of a function of one tensor, or of a record of
 * parameters. `f` gets `x` itself with other values for the time of a call, so it may as well close over the
 * parameters, as with `valueAndGrad`. A result that is no scalar is multiplied by fixed random weights and added up.
 *
 * Sums are float64, but `f` runs in float32: so each difference comes with an estimate of its own error, which is
 * allowed on top of the tolerance. Where `f` has a kink nearby, smaller steps are tried. Costs 4 to 20 evaluations of
 * `f` a coordinate: use small sizes. Reads asynchronously, so it works on every backend.
 *
 * `tolerance`: default 1e-3, relative to the larger of the two derivatives.
 * @throws ShapeError `grad-check/result`, `dtype/float32`
 * @example
 * const x = random.normal(random.key(1), [3, 4]);
 * const report = await gradCheck((x) => tanh(square(x)), x);
 * if (!report.passed) throw new Error(`${report}`);
 */
export async function gradCheck<X extends Tensor | Params>(
  f: (x: X) => Tensor,
  x: X,
  options: GradCheckOptions = {},
): Promise<GradCheckReport> {
  if (arguments.length > 3) refuseExtra('gradCheck', arguments, 3);
  checkArgument('gradCheck', 'f', checkable, f);
  const params: Params = isTensor(x) ? { x } : x;
  checkParams('gradCheck', 'x', params);
  checkFloat('gradCheck', ...Object.values(params));
  const { tolerance } = readOptions('gradCheck', gradCheckOptions, options, 'f, x');
  const result = (): Tensor => checkResult(f(x));

  const start = noGrad(() => stopGradient(result()));
  const weights = weightsOf(start.size);
  const { grads } = valueAndGrad(() => sum(mul(result(), fromArray(weights, start.shape))), params);
  const base = dot(await start.data(), weights);
  const magnitude = dot((await start.data()).map(Math.abs), weights);

  const found: Found[] = [];
  for (const [path, target] of Object.entries(params)) {
    const values = await target.data();
    const gradient = await (grads[path] as Tensor).data();
    const floor = Math.max(0, ...gradient.map(Math.abs)) / 100;
    const typical = Math.sqrt(dot(values, values) / values.length) || 1;
    for (const [i, value] of values.entries()) {
      const at = async (moved: number): Promise<number> => {
        const others = fromArray(Float32Array.from(values).fill(moved, i, i + 1), target.shape);
        const y = noGrad(() => withValue(target, others.value, () => stopGradient(result())));
        return dot(await y.data(), weights);
      };
      const analytic = gradient[i] as number;
      const scale = Math.max(Math.abs(value), typical);
      const enough = (tolerance / 4) * Math.max(Math.abs(analytic), floor);
      const numeric = await centralDifference(at, value, { base, magnitude, scale, enough });
      found.push(judge(path, unravel(i, target.shape), analytic, numeric, floor, tolerance));
    }
  }
  return summary(found, tolerance);
}

interface Found {
  readonly path: string;
  readonly index: readonly number[];
  readonly analytic: number;
  readonly numeric: Difference;
  readonly deviation: number;
  /** Deviation beyond what the error of the numeric value explains. */
  readonly excess: number;
  readonly decided: boolean;
}

function judge(
  path: string,
  index: readonly number[],
  analytic: number,
  numeric: Difference,
  floor: number,
  tolerance: number,
): Found {
  const { slope, rounding, disagreement } = numeric;
  const scale = Math.max(Math.abs(analytic), Math.abs(slope), floor);
  const relative = (distance: number): number => (distance === 0 ? 0 : distance / scale);
  const distance = Math.abs(analytic - slope);
  const deviation = Number.isNaN(distance) ? Infinity : relative(distance);
  const excess = deviation === Infinity ? Infinity : relative(Math.max(0, distance - rounding - disagreement));
  const decided = disagreement <= Math.max(0.1, tolerance) * scale + rounding;
  return { path, index, analytic, numeric, deviation, excess, decided };
}

function summary(found: readonly Found[], tolerance: number): GradCheckReport {
  const worse = (a: Found, b: Found): Found =>
    b.excess > a.excess || (b.excess === a.excess && b.deviation > a.deviation) ? b : a;
  const { path, index, analytic, numeric, deviation, excess } = found.reduce(worse, found[0] ?? nothing);
  const undecided = found.filter(({ decided }) => !decided).length;
  const passed = excess <= tolerance && undecided <= found.length / 2;
  const error = numeric.rounding + numeric.disagreement;
  const sentence = (): string => {
    const verdict = `gradCheck ${passed ? 'passed' : 'failed'}: ${found.length} numbers, tolerance ${tolerance}`;
    if (found.length === 0) return verdict;
    const [d, a, n, e] = [deviation, analytic, numeric.slope, error].map((x) => x.toPrecision(4));
    const worst = `largest deviation ${d} at ${path}${show(index)}, where the analytic derivative is ${a} and the numeric one ${n} ± ${e}`;
    return `${verdict}; ${worst}${undecided > 0 ? `; ${undecided} could not be decided` : ''}`;
  };
  return {
    passed,
    deviation,
    path,
    index,
    analytic,
    numeric: numeric.slope,
    error,
    checked: found.length,
    undecided,
    toString: sentence,
  };
}

/** The worst of no coordinates. */
const nothing: Found = {
  path: '',
  index: [],
  analytic: 0,
  numeric: { slope: 0, rounding: 0, disagreement: 0 },
  deviation: 0,
  excess: 0,
  decided: true,
};

function checkResult(y: unknown): Tensor {
  if (isTensor(y)) {
    checkFloat('gradCheck', y);
    return y;
  }
  throw new ShapeError({
    code: 'grad-check/result',
    got: `gradCheck got a function that returned ${inMessage(y)}`,
    expected: 'a tensor',
    fix: 'return one tensor; concat several',
  });
}

/** Weights in [½, 3/2): every element of the result counts, and no symmetry hides a mistake. */
function weightsOf(size: number): Float32Array {
  const weights = new Float32Array(size);
  fillRow('uniform', key(0), 0, 0, weights);
  return weights.map((u) => 0.5 + u);
}

function dot(a: TypedArray, b: TypedArray): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
}

function unravel(i: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(i / stride) % (shape[axis] as number));
}
