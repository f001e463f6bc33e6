import type { RandomMatrix } from '../../../backend/contract';
import { ShapeError } from '../../../base/errors';
import { show } from '../../../base/shape';
import { apply, type Composite, checkFloat, compute } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from '../elementwise/mul';
import { matmul } from './matmul';

interface Attributes {
  readonly a: RandomMatrix;
  readonly side: 'left' | 'right';
  readonly transpose: boolean;
}

const op: Composite<[x: Tensor], Attributes> = {
  name: 'matmulRandom',
  forward([x], { a, side, transpose }) {
    const matrix = entries(a);
    return side === 'right'
      ? matmul(x, matrix, { transposeB: transpose })
      : matmul(matrix, x, { transposeA: transpose });
  },
  // Linear in x: the vjp is the product with the transpose.
  vjp: (g, _, { attributes }) => [() => multiply(g, { ...attributes, transpose: !attributes.transpose })],
  kernel: (backend, [x], { a, side, transpose }) => backend.matmulRandom?.(x, a, side, transpose),
};

const crossOp: Composite<[], { readonly a: RandomMatrix; readonly b: RandomMatrix }> = {
  name: 'randomCross',
  forward: (_, { a, b }) => matmul(entries(a), entries(b), { transposeB: true }),
  vjp: () => [],
  kernel: (backend, _, { a, b }) => backend.randomCross?.(a, b),
};

/** All of a generated matrix, for a backend that cannot generate it inside a product. */
function entries({ kind, key, rows, columns, scale }: RandomMatrix): Tensor {
  const shape = [rows, columns];
  const drawn = compute('random', [], shape, (backend) => backend.random(kind, key, shape));
  return mul(drawn, scale);
}

/**
 * x·A for a matrix x and a random A that is generated inside the product (D7); x·Aᵀ with `transpose`. On the default backend
 * the entries are made while the panels of the product are packed (`kernels/wasm/pack.ts`), a slab at a time.
 * Shapes: x [n, rows of A] → [n, columns of A], or [n, columns of A] → [n, rows of A] with `transpose`.
 */
export function timesRandom(x: Tensor, a: RandomMatrix, { transpose = false } = {}): Tensor {
  return multiply(x, { a, side: 'right', transpose });
}

/** A·x for a matrix x and a random A that is generated inside the product; Aᵀ·x with `transpose`. */
export function randomTimes(a: RandomMatrix, x: Tensor, { transpose = false } = {}): Tensor {
  return multiply(x, { a, side: 'left', transpose });
}

function multiply(x: Tensor, attributes: Attributes): Tensor {
  checkFloat('matmulRandom', x);
  const { a, side, transpose } = attributes;
  const [rows, columns] = transpose ? [a.columns, a.rows] : [a.rows, a.columns];
  const inner = side === 'right' ? rows : columns;
  if (x.ndim !== 2 || x.shape[side === 'right' ? 1 : 0] !== inner) {
    throw new ShapeError({
      code: 'matmul-random/shapes',
      got: `matmulRandom got x ${show(x.shape)} and a random matrix ${show([rows, columns])} on the ${side}`,
      expected: `a matrix with an extent of ${inner} where they meet`,
      fix: 'sample the projection for the shape of this gradient',
    });
  }
  const shape = side === 'right' ? [x.shape[0] as number, columns] : [rows, x.shape[1] as number];
  return apply(op, [x], attributes, shape);
}

/** A·Bᵀ [rows of A, rows of B] of two random matrices that are generated inside the product: what a transfer needs. */
export function randomCross(a: RandomMatrix, b: RandomMatrix): Tensor {
  if (a.columns !== b.columns) {
    throw new ShapeError({
      code: 'matmul-random/shapes',
      got: `randomCross got random matrices ${show([a.rows, a.columns])} and ${show([b.rows, b.columns])}`,
      expected: 'equally many columns',
      fix: 'sample both projections for the shape of this gradient',
    });
  }
  return apply(crossOp, [], { a, b }, [a.rows, b.rows]);
}
