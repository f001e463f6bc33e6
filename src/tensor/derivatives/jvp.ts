import { ShapeError } from '../../base/errors';
import { refuseExtra } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { zeros } from '../ops/create';
import { add } from '../ops/elementwise/add';
import { mul } from '../ops/elementwise/mul';
import { sum } from '../ops/reductions/sum';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { type Differentiable, leavesOf } from './arguments';
import { gradientAt } from './grad';
import { pullback } from './vjp';

/**
 * Jacobian-vector product: the value of f at x and its derivative along v, ∂f(x + t·v)/∂t at t = 0. `x` is a tensor, or an
 * array or a record of tensors that f takes as its one argument; `v` has the same structure.
 *
 * There are no rules for forward derivatives: the vector-Jacobian product is linear in its cotangent u, and its own
 * derivative with respect to u along v is J·v. So it costs about as much as a gradient of a gradient, in time and in
 * memory, whatever the size of the value.
 * Shapes: v as x → value and tangent alike.
 * @throws ShapeError `jvp/shapes`, `derivative/output`
 * @see Townsend, "A new trick for calculating Jacobian vector products", 2017.
 * @example
 * const { value, tangent } = jvp((x) => x.square(), tensor([1, 2, 3]), tensor([1, 0, 10]));
 * console.log(await value.array(), await tangent.array()); // prints [ 1, 4, 9 ] [ 2, 0, 60 ]
 */
export function jvp(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  v: Tensor,
): {
  /** f(x) */
  value: Tensor;
  /** J·v, of the shape of the value. */
  tangent: Tensor;
};
export function jvp<X extends Differentiable>(
  f: (x: X) => Tensor,
  x: X,
  v: NoInfer<X>,
): {
  /** f(x) */
  value: Tensor;
  /** J·v, of the shape of the value. */
  tangent: Tensor;
};
export function jvp(f: (x: never) => Tensor, x: unknown, v: unknown): { value: Tensor; tangent: Tensor } {
  if (arguments.length > 3) refuseExtra('jvp', arguments, 3);
  return runInScope('jvp', () => {
    const directions = leavesOf('jvp', v);
    checkDirections(leavesOf('jvp', x), directions);
    const { value, pull } = pullback('jvp', f as (...xs: readonly unknown[]) => Tensor, [x]);
    const along = (u: Tensor): Tensor =>
      pull(u)
        .map((g, i) => sum(mul(g, directions[i] as Tensor)))
        .reduce((total, term) => add(total, term), zeros([]));
    return { value, tangent: gradientAt('jvp', along, zeros(value.shape)) };
  });
}

function checkDirections(xs: readonly Tensor[], vs: readonly Tensor[]): void {
  const wrong = xs.findIndex(({ shape }, i) => !sameShape(shape, vs[i]?.shape ?? [-1]));
  if (wrong < 0 && xs.length === vs.length) return;
  const [x, v] = [xs, vs].map((list) => list.map(({ shape }) => show(shape)).join(', '));
  throw new ShapeError({
    code: 'jvp/shapes',
    got: `jvp got x ${x} and v ${v}`,
    expected: 'a direction v with a tensor for each tensor of x, of the same shape',
    fix: 'pass zeros where x does not move',
  });
}
