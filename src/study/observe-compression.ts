import { OptionError } from '../base/errors';
import {
  boolean,
  callable,
  checkArgument,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../base/options';
import type { Side } from '../compress/side';
import { type CompressedGradient, type GradientTransform, transformKind } from '../optim/transform';
import { runInScope } from '../tensor/scope';
import type { Params } from '../tensor/tensor';
import { type CompressionMeasures, measureCompression } from './compression-measures';

/** What one projection did to one gradient of a training. */
export interface CompressionRow extends CompressionMeasures {
  /** The parameter's path. */
  readonly path: string;
  /** Steps that the compressing transform took before this one. */
  readonly step: number;
  /** The projector's name. */
  readonly projector: string;
  /** Which dimension was compressed. */
  readonly side: Side;
  /** Rows of the projection. */
  readonly rank: number;
  /** Draws of this parameter's projection before the one in use: rows with the same number are of one draw. */
  readonly refreshes: number;
  /** Mean of `gain` over this parameter's rows up to this one. As an estimate of the bias it has as many samples as draws. */
  readonly meanGain: number;
}

const observeCompressionOptions = {
  /** Look at steps 0, N, 2N, … of the compressing transform (default 1: at all). */
  every: optional(whole({ low: 1 }), 1),
  /** Which compressed parameters to look at (default: all). */
  parameters: optional(callable<(path: string) => boolean>('of a path that returns true or false')),
};

/** When to look, and at what. */
export interface ObserveCompressionOptions extends OptionsOf<typeof observeCompressionOptions> {}

/** The microscope: a transform to train with, and what is seen through it. */
export interface ObservedCompression<S> {
  /** In place of the one that was given: it makes the same updates, bit by bit, and the same state. */
  readonly transform: GradientTransform<S>;
  /** One for each compressed parameter and step that was looked at, in their order. It grows with each step. */
  readonly rows: readonly CompressionRow[];
}

/**
 * Keep the exact gradient beside the compressed one while a model trains. It takes `compress`, `flora`,
 * `floraAccumulate`, and what has them in a `chain`, `partition`, `masked`, `accumulate` or `periodicLora`, and measures
 * the projection that is really used in a step: after a refresh the new one, and for projectors that look at gradients
 * what they made of an older one. A transform that is not observed runs the code that it always ran.
 *
 * G is what the projection gets: behind other parts of a chain it is what they made of the gradient, in `flora` the gradient
 * normalised by Adafactor. With `liftPlusRaw` it is what goes into the momentum, with `floraAccumulate` each gradient of a
 * cycle. A compressing transform that is the `inner` of another one is not looked into. A gradient of zeros, or one that is
 * not finite, has no row. With `parameters` and `every`, observing costs what you can spare: each row is a round trip, a few
 * more products with A, and a singular value decomposition, about 20·min(n, m)³ flops on the CPU.
 * @throws OptionError `study/not-compressing` for a transform that compresses nothing, and where it gets no parameter that
 *   is both compressed and chosen; `options/…`
 * @throws BackendError `read/sync` in a step, where the backend cannot be read at once
 * @see Roy and Vetterli, "The effective rank", EUSIPCO 2007, for `effectiveRank`.
 * @example
 * const model = new MLP({ sizes: [16, 16], key: random.key(0) });
 * const compressing = compress({
 *   projector: projectors.haarUnscaled, rank: 4, inner: ema({ decay: 0.9 }), refreshEvery: 10, onRefresh: 'transfer',
 * });
 * const { transform, rows } = observeCompression(chain(compressing, scale(-0.1)), { every: 5 });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * const training = trainer({ model, transform, loss, seed: 0 });
 * for (let step = 0; step < 20; step++) training.step(random.normal(random.key(step), [8, 16]));
 * console.log(rows.map(({ step, refreshes }) => `${step}: ${refreshes}`).join(', ')); // prints 0: 0, 5: 0, 10: 1, 15: 1
 */
export function observeCompression<S>(
  transform: GradientTransform<S>,
  options: ObserveCompressionOptions = {},
): ObservedCompression<S> {
  if (arguments.length > 2) refuseExtra('observeCompression', arguments, 2);
  checkArgument('observeCompression', 'transform', transformKind, transform);
  const { every, parameters } = readOptions('observeCompression', observeCompressionOptions, options, 'transform');
  const chosen = (path: string): boolean => {
    const answer = parameters ? parameters(path) : true;
    checkArgument('observeCompression', `the answer of parameters for "${path}"`, boolean, answer);
    return answer;
  };
  const rows: CompressionRow[] = [];
  const gains = new Map<string, { sum: number; count: number }>();
  const see = (compressed: CompressedGradient): void => {
    const { path, step, projector, side, rank, refreshes } = compressed;
    if (step % every !== 0 || !chosen(path)) return;
    const measured = runInScope('observeCompression', () => measureCompression(compressed));
    if (!measured) return;
    const before = gains.get(path) ?? { sum: 0, count: 0 };
    const { sum, count } = { sum: before.sum + measured.gain, count: before.count + 1 };
    gains.set(path, { sum, count });
    rows.push({ path, step, projector, side, rank, refreshes, ...measured, meanGain: sum / count });
  };
  const observed = transform.observed?.(see);
  if (!observed) throw compressesNothing(transform.name ?? 'a transform of yours');
  let checked = false;
  /** A trainer that resumes does not call `init`. */
  const check = (params: Params): void => {
    if (checked) return;
    const compressed = (observed.explain?.(params) ?? []).filter((treatment) => treatment.compressed);
    if (!compressed.some(({ path }) => chosen(path))) throw nothingChosen(compressed.map(({ path }) => path));
    checked = true;
  };
  return {
    transform: {
      ...observed,
      init(params) {
        const state = observed.init(params);
        check(params);
        return state;
      },
      update(grads, state, params) {
        check(params);
        return observed.update(grads, state, params);
      },
    },
    rows,
  };
}

function compressesNothing(name: string): OptionError {
  return new OptionError({
    code: 'study/not-compressing',
    got: `observeCompression got ${name}, which compresses nothing`,
    expected: 'compress, flora, floraAccumulate, or a transform around one of them',
    fix: 'observe the part that compresses, before your own transform goes around it',
  });
}

function nothingChosen(compressed: readonly string[]): OptionError {
  const some = compressed.slice(0, 5).join(', ') + (compressed.length > 5 ? ', …' : '');
  return new OptionError({
    code: 'study/not-compressing',
    got: `observeCompression has nothing to look at: the transform compresses ${some || 'none of these parameters'}`,
    expected: 'a parameter that is compressed, for which `parameters` returns true',
    fix: 'choose among the paths that explain(transform, params) calls compressed',
  });
}
