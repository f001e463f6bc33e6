import { pack, packedProduct, unpack } from '../../../../kernels/gpujs/products';
import type { Operand } from '../../contract';
import { type GpuRunner, operandOf, type Seen, seen } from '../runner';
import { type Product, type ProductKernel, started, stored } from './product';

/** The product by fours, for GL: both operands are packed, which also turns what is stored swapped, and C is unpacked. */
export const packed: ProductKernel = (on, product) => {
  const { a, b, m, k, n, batch, start } = product;
  const quarters = Math.ceil(k / 4);
  const left = packedFactor(on, product, 'a', m, [quarters, m]);
  const right = packedFactor(on, product, 'b', k, [Math.ceil(n / 4), 4 * quarters]);
  const places = [Math.ceil(n / 4), 1, batch * m] as const;
  const numbers = [quarters, m, a.step, b.step];
  const made = on.launch({ source: packedProduct, vec4: true }, places, [left, right, ...numbers]);
  const out = on.launch(
    { source: unpack(start !== null) },
    [n, m, batch],
    [...started(product), seen(operandOf(made), places), m],
  );
  on.free(left.operand.storage, right.operand.storage, made);
  return out;
};

/** The rows of A, or those of B: `rows` of them, zeros up to `padded`, and the places of each. */
function packedFactor(
  on: GpuRunner,
  product: Product,
  side: 'a' | 'b',
  rows: number,
  [places, padded]: readonly [number, number],
): Seen {
  const { k, n, batch } = product;
  const factor = product[side];
  const [fromRow, fromColumn, columns] = side === 'a' ? [0, factor.from, k] : [factor.from, 0, n];
  const out = [places, 1, (factor.step === 1 ? batch : 1) * padded] as const;
  const numbers = [fromRow, fromColumn, rows, columns, padded];
  const made = on.launch({ source: pack(factor.transpose), vec4: true }, out, [stored(factor, batch), ...numbers]);
  return seen(operandOf(made) satisfies Operand, out);
}
