import { ShapeError } from '../../../base/errors';
import { boolean, type OptionsOf, optional, readOptions, refuseExtra, type ValuesOf } from '../../../base/options';
import { broadcastShapes, type Shape, show, sizeOf } from '../../../base/shape';
import { apply, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { reshape } from '../movement/reshape';
import { sumTo } from '../reductions/sum-to';

const matmulOptions = {
  /** a is stored as [..., k, m] (default false). */
  transposeA: optional(boolean, false),
  /** b is stored as [..., n, k], as the weight of a `Linear` is (default false). */
  transposeB: optional(boolean, false),
};

/** Read an operand with its last two axes swapped, at no cost. */
export interface MatmulOptions extends OptionsOf<typeof matmulOptions> {}

type Swapped = ValuesOf<typeof matmulOptions>;

const asStored: Swapped = { transposeA: false, transposeB: false };

/** The vjp is two products. `sumTo` adds up over batch axes along which an operand was broadcast. */
const op: Primitive<[a: Tensor, b: Tensor], Swapped> = {
  name: 'matmul',
  kernel: (backend, [a, b], { transposeA, transposeB }, shape) =>
    backend.matmul(a, b, transposeA, transposeB, shape, null),
  vjp: (g, [a, b], { attributes: { transposeA, transposeB } }) => [
    // dA = G·Bᵀ  [m, n]·[n, k], or its transpose where A is stored as [k, m]
    () =>
      sumTo(
        transposeA
          ? product(b, g, { transposeA: transposeB, transposeB: true })
          : product(g, b, { transposeA: false, transposeB: !transposeB }),
        a.shape,
      ),
    // dB = Aᵀ·G  [k, m]·[m, n], or its transpose where B is stored as [n, k]
    () =>
      sumTo(
        transposeB
          ? product(g, a, { transposeA: true, transposeB: transposeA })
          : product(a, g, { transposeA: !transposeA, transposeB: false }),
        b.shape,
      ),
  ],
};

/**
 * Matrix product over the last two axes; leading axes are batches and broadcast. A vector on the left counts as a row,
 * one on the right as a column, whose axis the result does not have; there is nothing to transpose in it.
 * Shapes: a [..., m, k], b [..., k, n] → [..., m, n]; a [k] → [..., n]; b [k] → [..., m]. Cost: 2·m·k·n flops a batch.
 * @throws ShapeError `matmul/ndim`, `matmul/inner-dims`, `broadcast/mismatch`
 */
export function matmul(a: Tensor, b: Tensor, options?: MatmulOptions): Tensor {
  if (arguments.length > 3) refuseExtra('matmul', arguments, 3);
  checkFloat('matmul', a, b);
  return product(a, b, options === undefined ? asStored : readOptions('matmul', matmulOptions, options, 'a, b'));
}

/** The product; operands and options are checked already. */
function product(a: Tensor, b: Tensor, swapped: Swapped): Tensor {
  const { transposeA, transposeB } = swapped;
  if (a.ndim === 0 || b.ndim === 0) throw tooFewAxes(a, b);
  if (a.ndim === 1 || b.ndim === 1) return ofVectors(a, b, swapped);
  // Many rows times one matrix is a single product: [..., m, k]·[k, n] = [(...·m), k]·[k, n].
  if (a.ndim > 2 && b.ndim === 2 && !transposeA) {
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1) as number]);
    const y = product(rows, b, swapped);
    return reshape(y, [...a.shape.slice(0, -1), y.shape[1] as number]);
  }
  const [m, k] = lastTwo(a.shape, transposeA);
  const [inner, n] = lastTwo(b.shape, transposeB);
  if (k !== inner) throw innerDims(a, b, k, inner);
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return apply(op, [a, b], swapped, [...batch, m, n]);
}

/** A product of vectors: each gets an axis of extent 1, which the result loses again. */
function ofVectors(a: Tensor, b: Tensor, { transposeA, transposeB }: Swapped): Tensor {
  const y = product(a.ndim === 1 ? reshape(a, [1, a.size]) : a, b.ndim === 1 ? reshape(b, [b.size, 1]) : b, {
    transposeA: transposeA && a.ndim > 1,
    transposeB: transposeB && b.ndim > 1,
  });
  const [m, n] = y.shape.slice(-2) as [number, number];
  return reshape(y, [...y.shape.slice(0, -2), ...(a.ndim > 1 ? [m] : []), ...(b.ndim > 1 ? [n] : [])]);
}

function lastTwo(shape: Shape, swapped: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return swapped ? [columns, rows] : [rows, columns];
}

function tooFewAxes(a: Tensor, b: Tensor): ShapeError {
  return new ShapeError({
    code: 'matmul/ndim',
    got: `matmul got a ${show(a.shape)} and b ${show(b.shape)}`,
    expected: 'at least one axis each',
    fix: 'use mul for a product with a scalar',
  });
}

function innerDims(a: Tensor, b: Tensor, k: number, inner: number): ShapeError {
  return new ShapeError({
    code: 'matmul/inner-dims',
    got: `matmul got a ${show(a.shape)} and b ${show(b.shape)}`,
    expected: `a's inner extent (${k}) to equal b's (${inner})`,
    fix: 'pass { transposeB: true } for a weight stored as [out, in], or check the order of the layer',
  });
}
