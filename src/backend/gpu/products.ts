import { biasAlone, onSupport, repeat } from '../../../kernels/gpujs/products';
import { broadcastStrides, type Shape, sizeOf } from '../../base/shape';
import type { Operand, Products, Storage } from '../contract';
import { forOuter } from '../layout';
import { multiply } from './products/multiply';
import { factor, type Product } from './products/product';
import { flat, type GpuRunner, operandOf, seen } from './runner';

/** Products by the kernel that suits them: `products/` has them all. */
export const products = (on: GpuRunner) =>
  ({
    matmul(a, b, transposeA, transposeB, shape, bias) {
      const [m, n] = [shape.at(-2) as number, shape.at(-1) as number];
      const k = a.shape.at(transposeA ? -2 : -1) as number;
      const shapes = shape.slice(0, -2);
      const batch = sizeOf(shapes);
      if (batch * m * n === 0) return on.host(new Float32Array(0));
      if (k === 0 && bias === null) return on.host(new Float32Array(batch * m * n));
      if (k === 0) return on.launch({ source: biasAlone }, [n, m, batch], [flat(bias as Operand)]);

      const [left, right] = [inBatch(on, a, shapes), inBatch(on, b, shapes)];
      const product: Product = {
        a: factor(left.operand, transposeA ? k : m, transposeA ? m : k, transposeA, left.step),
        b: factor(right.operand, transposeB ? n : k, transposeB ? k : n, transposeB, right.step),
        ...{ m, k, n, batch },
        start: bias,
      };
      const result = multiply(on, asOne(product, on.device.limits.dims[1]));
      on.free(...left.made, ...right.made);
      return result;
    },
    /** The whole sum first, from which the entries that the weight lacks are left out. */
    addOnSupport(weight, b, a) {
      const [m, n] = weight.shape as readonly [number, number];
      const k = a.shape[0] as number;
      if (m * n === 0) return on.host(new Float32Array(0));
      if (k === 0) return on.launch({ source: onSupport, flat: true }, [m * n, 1, 1], [flat(weight), flat(weight)]);
      const sum = multiply(on, {
        a: factor(b, m, k, false, 0),
        b: factor(a, k, n, false, 0),
        ...{ m, k, n, batch: 1 },
        start: weight,
      });
      const out = on.launch({ source: onSupport, flat: true }, [m * n, 1, 1], [flat(operandOf(sum)), flat(weight)]);
      on.free(sum);
      return out;
    },
  }) satisfies Required<Products>;

/** One B for a batch of A: the batch is more rows of one product. */
function asOne(product: Product, most: number): Product {
  const { a, b, m, batch } = product;
  const rows = batch * m;
  if (a.transpose || (batch > 1 && a.step === 0) || b.step === 1 || rows > most) return product;
  return { ...product, a: { ...a, rows, step: 0 }, m: rows, batch: 1 };
}

/** Matrices of an operand for each of the batch, or one for all: step 0. In any other case they are copied into order. */
function inBatch(
  on: GpuRunner,
  operand: Operand,
  batch: Shape,
): { operand: Operand; step: 0 | 1; made: readonly Storage[] } {
  const own = operand.shape.slice(0, -2);
  const [count, all] = [sizeOf(own), sizeOf(batch)];
  if (count === 1 || count === all) return { operand, step: count === 1 ? 0 : 1, made: [] };
  const which = new Float32Array(all);
  let next = 0;
  forOuter({ extents: [...batch], strides: [broadcastStrides(own, batch)] }, 0, ([from = 0]) => {
    which[next++] = from;
  });
  const [rows, columns] = operand.shape.slice(-2) as [number, number];
  const order = on.host(which);
  const made = on.launch(
    { source: repeat },
    [columns, rows, all],
    [seen(operand, [columns, rows, count]), flat(operandOf(order))],
  );
  on.free(order);
  return { operand: operandOf(made), step: 1, made: [made] };
}
