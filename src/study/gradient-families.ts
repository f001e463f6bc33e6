import { fold, type Key, keyKind } from '../base/key';
import { checkArgument, kindOf, refuseExtra } from '../base/options';
import { type Shape, shapeKind } from '../base/shape';
import { qr } from '../tensor/linalg/qr';
import { fromArray, zeros } from '../tensor/ops/create';
import { add } from '../tensor/ops/elementwise/add';
import { less } from '../tensor/ops/elementwise/compare';
import { mul } from '../tensor/ops/elementwise/mul';
import { where } from '../tensor/ops/elementwise/where';
import { matmul } from '../tensor/ops/products/matmul';
import { random } from '../tensor/ops/random/random';
import type { Tensor } from '../tensor/tensor';

/** A random gradient [n, m] of one kind, a function of its key. */
export type GradientFamily = (key: Key, shape: Shape) => Tensor;

const matrixShape = kindOf<Shape>(
  'a shape [n, m] of extents from 1',
  (value) => shapeKind.fits(value) && value.length === 2 && value.every((extent) => extent > 0),
);

/** The kinds that there are. */
export type GradientFamilyName =
  | 'gaussian'
  | 'lowRank'
  | 'powerLaw'
  | 'heavyTailed'
  | 'sparse'
  | 'illConditioned'
  | 'zero';

/** U·diag(σ)·Vᵀ with U and V uniformly distributed. */
function withSingularValues(key: Key, [n, m]: Shape, sigma: (i: number, of: number) => number): Tensor {
  const [rows, columns] = [n as number, m as number];
  const k = Math.min(rows, columns);
  const factor = (name: string, size: number): Tensor => qr(random.normal(fold(key, name), [size, k])).q;
  const values = fromArray(
    Float32Array.from({ length: k }, (_, i) => sigma(i, k)),
    [k],
  );
  return matmul(mul(factor('left', rows), values), factor('right', columns), { transposeB: true });
}

const families = {
  /** Independent normal entries: no direction is more than another. */
  gaussian: (key, shape) => random.normal(key, shape),
  /** Rank min(n, m)/16, at least 1, and normal noise of a tenth of its size. */
  lowRank(key, shape) {
    const [n, m] = shape as readonly [number, number];
    const rank = Math.max(1, Math.round(Math.min(n, m) / 16));
    const [left, right] = [random.normal(fold(key, 'left'), [n, rank]), random.normal(fold(key, 'right'), [rank, m])];
    return add(mul(matmul(left, right), 1 / Math.sqrt(rank)), mul(random.normal(fold(key, 'noise'), shape), 0.1));
  },
  /** Singular values 1/i. */
  powerLaw: (key, shape) => withSingularValues(key, shape, (i) => 1 / (i + 1)),
  /** Cubes of normal numbers: few entries hold most of the norm. */
  heavyTailed(key, shape) {
    const x = random.normal(key, shape);
    return mul(mul(x, x), x);
  },
  /** Normal entries, of which one in twenty is not 0. */
  sparse: (key, shape) =>
    where(less(random.uniform(fold(key, 'where'), shape), 0.05), random.normal(fold(key, 'entries'), shape), 0),
  /** Singular values from 1 down to 10⁻⁶ in equal ratios. */
  illConditioned: (key, shape) => withSingularValues(key, shape, (i, k) => 10 ** ((-6 * i) / Math.max(1, k - 1))),
  /** Nothing but zeros, as of a parameter that a loss does not reach. */
  zero: (_, shape) => zeros(shape),
} satisfies Record<GradientFamilyName, GradientFamily>;

/**
 * Random gradients to study projections on, by name: each a function of a key and a shape [n, m].
 * @example
 * const gradient = gradientFamilies.powerLaw(random.key(0), [16, 32]);
 * const row = await projectionError({ projector: projectors.haar, gradient, rank: 4 });
 * console.log(row.rows, row.columns); // prints 16 32
 */
export const gradientFamilies: Readonly<Record<GradientFamilyName, GradientFamily>> = Object.fromEntries(
  Object.entries(families).map(([name, family]) => [
    name,
    function (key: Key, shape: Shape) {
      const where = `gradientFamilies.${name}`;
      if (arguments.length > 2) refuseExtra(where, arguments, 2);
      checkArgument(where, 'key', keyKind, key);
      checkArgument(where, 'shape', matrixShape, shape);
      return (family as GradientFamily)(key, shape);
    },
  ]),
) as Record<GradientFamilyName, GradientFamily>;
