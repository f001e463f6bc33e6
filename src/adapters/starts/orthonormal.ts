import { fold } from '../../base/key';
import {
  boolean,
  checkArgument,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../base/options';
import { orthonormalRows } from '../../compress/maps/orthonormal-rows';
import { initializers } from '../../nn/initializers';
import { fromArray } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather } from '../../tensor/ops/movement/gather';
import { matmul } from '../../tensor/ops/products/matmul';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import type { DrawSite, Factors } from './first-factors';

const orthonormalOptions = {
  /**
   * Both factors start with numbers, PEFT's 'orthogonal' (default false). With an orthogonal matrix of r rows, of which
   * A gets every other one, and B the others: A = (X·Q_A)ᵀ/10 and B = Y·Q_B/10 for X and Y from N(0, 1). Then B·A = 0,
   * so that the weight stays as it is, and both factors have gradients at once. The rank must be even.
   */
  both: optional(boolean, false),
};

/** Which factors have numbers. */
export interface OrthonormalOptions extends OptionsOf<typeof orthonormalOptions> {}

/**
 * A start with orthonormal rows of A, uniformly distributed, and B = 0: the function stays, and by plain gradients the
 * first step of B moves W by −η·s²·G·P for the projection P on the rows of A, with no direction larger than another.
 * Needs rank ≤ in; with `both`, an even rank.
 * @throws OptionError `options/…`
 * @see PEFT's `init_lora_weights='orthogonal'` for `both`.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * lora(model, { rank: 2, init: orthonormal() });
 */
export function orthonormal(options: OrthonormalOptions = {}): (site: DrawSite) => Factors {
  if (arguments.length > 1) refuseExtra('orthonormal', arguments, 1);
  const { both } = readOptions('orthonormal', orthonormalOptions, options);
  return (site) => runInScope('orthonormal', () => (both ? besideEachOther(site) : { A: rowsOf(site) }));
}

function rowsOf({ rank, shape, key }: DrawSite): Tensor {
  const inputs = shape[1] as number;
  checkArgument('orthonormal', 'rank', whole({ low: 1, high: inputs }), rank);
  return orthogonal(fold(key, 'A'), rank, inputs);
}

/** A and B with B·A = 0, the function kept without a change of the weight. */
function besideEachOther({ rank, shape, key }: DrawSite): Factors {
  checkArgument('orthonormal', 'rank', even, rank);
  const [outputs, inputs] = shape as readonly [number, number];
  const half = rank / 2;
  const q = orthogonal(fold(key, 'Q'), rank, rank);
  const every = (start: number): Tensor =>
    gather(
      q,
      fromArray(
        Int32Array.from({ length: half }, (_, i) => start + 2 * i),
        [half],
      ),
    ); // [r/2, r]
  const normal = (name: string, rows: number): Tensor => initializers.normal(fold(key, name), [rows, half], 1);
  return {
    A: mul(matmul(every(0), normal('A', inputs), { transposeA: true, transposeB: true }), 0.1),
    B: mul(matmul(normal('B', outputs), every(1)), 0.1),
    compensated: false,
  };
}

/** Orthonormal rows [rank, d], uniformly distributed. */
function orthogonal(key: DrawSite['key'], rank: number, d: number): Tensor {
  return fromArray(Float32Array.from(orthonormalRows(key, rank, d)), [rank, d]);
}

const even = kindOf<number>(
  'an even number, at least 2',
  (value) => typeof value === 'number' && value > 0 && value % 2 === 0,
  'options/range',
);
