import { ShapeError } from '../../base/errors';
import {
  callable,
  checkArgument,
  either,
  isPlainObject,
  type Kind,
  listOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { checkParams } from '../check';
import { checkFloat } from '../op';
import { ones, zeros } from '../ops/create';
import { mul } from '../ops/elementwise/mul';
import { sum } from '../ops/reductions/sum';
import { runInScope } from '../scope';
import type { Params, Tensor } from '../tensor';
import { trackOf } from '../track';
import { isTensor } from '../tree';
import { apart, type Differentiable, type GradientOf, leavesOf, structured } from './arguments';
import { differentiateInto, type GradientSink } from './gradient-sink';
import { type Evaluated, type Loss, recordLoss } from './record-loss';
import { walkBack } from './walk';

/** Which arguments a derivative is taken of. */
export interface ArgumentsOf<Of extends number | readonly number[]> {
  /** The position of one argument, or a list of positions: then the gradients are a list as well. */
  readonly of: Of;
}

/** The gradients of a function of the arguments `Xs` at the positions `Of`. */
export type GradientsAt<Xs extends readonly unknown[], Of> = Of extends number
  ? GradientOf<Xs[Of]>
  : { readonly [I in keyof Of]: Of[I] extends number ? GradientOf<Xs[Of[I]]> : never };

/**
 * Value and gradient of a scalar function.
 *
 * `valueAndGrad(f)(x, …)` differentiates f with respect to its first argument: a tensor, or arrays and records of them in
 * any nesting, and the gradient has the same structure. Other arguments are handed on as they are. With `{ of: 1 }` it is
 * another argument; with `{ of: [0, 1] }` there are several, and `grads` is a list. One tensor in two places counts as two.
 * `valueAndGrad(() => loss, params)` differentiates with respect to these tensors, by identity; parameters the loss does
 * not use get zeros. The function may return `{ loss, aux }` to bring other tensors out. All tensors made inside are freed,
 * apart from the results.
 *
 * With a `sink` no record of gradients is made: it gets each one as soon as nothing that is left of the backward pass
 * reads the parameter, those of the last layers first, and may assign to that parameter. An exception in it ends the
 * pass; what it has done until then stays done.
 *
 * Shapes: every gradient has the shape of its parameter.
 * @throws ShapeError `grad/scalar` when the loss is not a single number
 * @throws StateError `grad/sink-assigned` when a vjp closes over a parameter that the sink has assigned
 * @example
 * const params = { w: tensor([2, 3]) };
 * const { value, grads } = valueAndGrad(() => params.w.square().sum(), params);
 * console.log(await value.item(), await grads.w.array()); // prints 13 [ 4, 6 ]
 */
export function valueAndGrad(f: (x: Tensor) => Loss): (x: Tensor) => Evaluated & {
  /** ∂loss/∂x */
  grads: Tensor;
};
export function valueAndGrad<X extends Differentiable, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Loss,
): (
  x: X,
  ...rest: Rest
) => Evaluated & {
  /** ∂loss/∂x, in the structure of x. */
  grads: GradientOf<X>;
};
export function valueAndGrad<Xs extends readonly unknown[], const Of extends number | readonly number[]>(
  f: (...xs: Xs) => Loss,
  options: ArgumentsOf<Of>,
): (...xs: Xs) => Evaluated & {
  /** ∂loss/∂x of the argument, or of each argument, in `of`. */
  grads: GradientsAt<Xs, Of>;
};
export function valueAndGrad<P extends Params>(
  f: () => Loss,
  params: P,
): Evaluated & {
  /** ∂loss/∂parameter under the path of each parameter. */
  grads: { readonly [Path in keyof P]: Tensor };
};
export function valueAndGrad<P extends Params>(
  f: () => Loss,
  params: P,
  options: {
    /** Gets every gradient once, zeros for a parameter that the loss does not use, in place of a record of them. */
    sink: GradientSink<keyof P & string>;
  },
): Evaluated;
export function valueAndGrad(
  f: (...xs: never[]) => Loss,
  params?: Params | ArgumentsOf<number | readonly number[]>,
  options?: { sink?: GradientSink },
): unknown {
  if (arguments.length > 3) refuseExtra('valueAndGrad', arguments, 3);
  checkArgument('valueAndGrad', 'f', differentiable, f);
  if ((params === undefined && options === undefined) || isPositions(params)) {
    if (options !== undefined) refuseExtra('valueAndGrad', arguments, 2);
    const of = positions('valueAndGrad', params ?? {});
    return (...xs: unknown[]) => differentiateAt('valueAndGrad', f, xs, of);
  }
  checkParams('valueAndGrad', 'params', params);
  const { sink } = readOptions('valueAndGrad', sinkOptions, options === undefined ? {} : options, 'f, params');
  const paths = Object.keys(params);
  const targets = Object.values(params);
  if (sink) return differentiateInto((i, gradient) => sink(paths[i] as string, gradient), f as () => Loss, targets);
  const { grads, ...rest } = differentiate('valueAndGrad', f as () => Loss, targets);
  return { ...rest, grads: Object.fromEntries(paths.map((path, i) => [path, grads[i] as Tensor])) };
}

/** A function to take derivatives of; what it returns is seen when it is called. */
const differentiable: Kind<unknown> = callable('that returns its loss');
const sinkOptions = { sink: optional(callable<GradientSink>('of a path and a gradient')) };
const position = whole({ low: 0 });
const ofOptions = { of: optional(either(position, listOf(position)), 0) };

/** `{ of }`, and not a record with a parameter of that name. */
function isPositions(given: unknown): given is ArgumentsOf<number | readonly number[]> {
  return isPlainObject(given) && Object.hasOwn(given, 'of') && !isTensor(given.of);
}

function positions(where: string, options: unknown): number | readonly number[] {
  return readOptions(where, ofOptions, options, 'f').of;
}

/**
 * The gradient of a scalar function of tensors: what `valueAndGrad` gives as `grads`. `grad(grad(f))` works where f's gradient
 * is a scalar.
 * @throws ShapeError `grad/scalar`
 * @example
 * const f = (p: { w: Tensor; b: Tensor }, x: Tensor) => sum(add(mul(p.w, x), p.b));
 * const { w, b } = grad(f)({ w: tensor([1, 2]), b: tensor(3) }, tensor([4, 5]));
 * console.log(await w.array(), await b.array()); // prints [ 4, 5 ] 2
 */
export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
export function grad<X extends Differentiable, Rest extends readonly unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => GradientOf<X>;
export function grad<Xs extends readonly unknown[], const Of extends number | readonly number[]>(
  f: (...xs: Xs) => Tensor,
  options: ArgumentsOf<Of>,
): (...xs: Xs) => GradientsAt<Xs, Of>;
export function grad(f: (...xs: never[]) => Tensor, options: { of?: number | readonly number[] } = {}): unknown {
  if (arguments.length > 2) refuseExtra('grad', arguments, 2);
  checkArgument('grad', 'f', differentiable, f);
  const of = positions('grad', options);
  return (...xs: unknown[]) => runInScope('grad', () => differentiateAt('grad', f, xs, of).grads);
}

/** The gradient of a function of one tensor, for the function that the user called. */
export function gradientAt(where: string, f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return runInScope(where, () => differentiate(where, () => f(x), [x]).grads[0] as Tensor);
}

/**
 * Hessian-vector product: the derivative of ⟨grad f(x), v⟩, without forming the Hessian.
 * Shapes: x and v alike → the same.
 * @throws ShapeError `hvp/shapes`, `grad/scalar`
 */
export function hvp(f: (x: Tensor) => Tensor): (x: Tensor, v: Tensor) => Tensor {
  if (arguments.length > 1) refuseExtra('hvp', arguments, 1);
  checkArgument('hvp', 'f', differentiable, f);
  return function (x, v) {
    if (arguments.length > 2) refuseExtra('hvp', arguments, 2);
    checkFloat('hvp', x, v);
    if (!sameShape(x.shape, v.shape)) throw otherDirection(x, v);
    return gradientAt('hvp', (y) => sum(mul(gradientAt('hvp', f, y), v)), x);
  };
}

function otherDirection(x: Tensor, v: Tensor): ShapeError {
  return new ShapeError({
    code: 'hvp/shapes',
    got: `hvp got x ${show(x.shape)} and v ${show(v.shape)}`,
    expected: 'a direction v of the shape of x',
    fix: 'reshape v, or broadcastTo(v, x.shape) to repeat it',
  });
}

function differentiate(where: string, f: () => Loss, targets: readonly Tensor[]): Evaluated & { grads: Tensor[] } {
  return recordLoss(where, f, targets, ({ tape, watched, loss, survivors }) => {
    walkBack(tape, loss, ones(loss.shape), survivors);
    return { grads: watched.map((value) => trackOf(tape, value)?.cotangent ?? zeros(value.shape)) };
  });
}

/** With respect to arguments: gradients in the structure of each. */
function differentiateAt(
  where: string,
  f: (...xs: never[]) => Loss,
  given: readonly unknown[],
  of: number | readonly number[],
): Evaluated & { grads: unknown } {
  const list = typeof of === 'number' ? [of] : of;
  return runInScope(where, () => {
    const xs = apart(where, given, list);
    const wanted = list.map((i) => xs[i]);
    const { grads, ...rest } = differentiate(where, () => f(...(xs as never[])), leavesOf(where, wanted));
    const all = structured(wanted, grads.values());
    return { ...rest, grads: typeof of === 'number' ? all[0] : all };
  });
}
