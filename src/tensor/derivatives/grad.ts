import { ShapeError } from '../../base/errors';
import { callable, checkArgument, optional, readOptions, refuseExtra } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { checkParams } from '../check';
import { checkFloat } from '../op';
import { ones, zeros } from '../ops/create';
import { mul } from '../ops/elementwise/mul';
import { sum } from '../ops/reductions/sum';
import { runInScope } from '../scope';
import type { Params, Tensor } from '../tensor';
import { trackOf } from '../track';
import { differentiateInto, type GradientSink } from './gradient-sink';
import { type Evaluated, type Loss, recordLoss } from './record-loss';
import { walkBack } from './walk';

/**
 * Value and gradient of a scalar function.
 *
 * `valueAndGrad(f)(x)` differentiates f with respect to its argument alone. `valueAndGrad(() => loss, params)`
 * differentiates with respect to these tensors, by identity; parameters the loss does not use get zeros. The function
 * may return `{ loss, aux }` to bring other tensors out. All tensors made inside are freed, apart from the results.
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
  f: (x: Tensor) => Loss,
  params?: Params,
  options?: { sink?: GradientSink },
): (Evaluated & { grads?: Params }) | ((x: Tensor) => Evaluated & { grads: Tensor }) {
  if (arguments.length > 3) refuseExtra('valueAndGrad', arguments, 3);
  checkArgument('valueAndGrad', 'f', differentiable, f);
  if (params !== undefined || options !== undefined) {
    checkParams('valueAndGrad', 'params', params);
    const { sink } = readOptions('valueAndGrad', sinkOptions, options === undefined ? {} : options, 'f, params');
    const paths = Object.keys(params);
    const targets = Object.values(params);
    if (sink) return differentiateInto((i, gradient) => sink(paths[i] as string, gradient), f as () => Loss, targets);
    const { grads, ...rest } = differentiate('valueAndGrad', f as () => Loss, targets);
    return { ...rest, grads: Object.fromEntries(paths.map((path, i) => [path, grads[i] as Tensor])) };
  }
  return function (x) {
    if (arguments.length > 1) refuseExtra('valueAndGrad', arguments, 1);
    const { grads, ...rest } = differentiate('valueAndGrad', () => f(x), [x]);
    return { ...rest, grads: grads[0] as Tensor };
  };
}

const differentiable = callable<(x: Tensor) => Loss>('that returns its loss');
const sinkOptions = { sink: optional(callable<GradientSink>('of a path and a gradient')) };

/** The gradient of a scalar function of one tensor. `grad(grad(f))` works where f's gradient is a scalar. */
export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  if (arguments.length > 1) refuseExtra('grad', arguments, 1);
  checkArgument('grad', 'f', differentiable, f);
  return function (x) {
    if (arguments.length > 1) refuseExtra('grad', arguments, 1);
    return gradientAt('grad', f, x);
  };
}

function gradientAt(where: string, f: (x: Tensor) => Tensor, x: Tensor): Tensor {
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
