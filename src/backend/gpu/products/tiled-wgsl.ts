import { pad, tiled as text } from '../../../../kernels/gpujs/products-wgsl';
import type { Operand, Storage } from '../../contract';
import { type GpuRunner, operandOf } from '../runner';
import { type Factor, isBias, type ProductKernel, stored } from './product';

/** Rows and columns of C for a workgroup: 8 × 8 threads with tiles of 4 × 4. */
const side = 32;

/** The product in tiles of registers, for WebGPU, by WGSL of our own. */
export const tiled: ProductKernel = (on, { a, b, m, k, n, batch, start }) => {
  const left = fours(on, a, !a.transpose, m, k, batch);
  const right = fours(on, b, b.transpose, n, k, batch);
  const wgsl = text({ transposeA: a.transpose, transposeB: b.transpose, starts: start !== null });
  const uniforms = Uint32Array.of(
    m,
    n,
    Math.ceil(k / 4),
    ...left.places,
    ...right.places,
    start !== null && !isBias(start) ? 1 : 0,
  );
  const groups = [Math.ceil(n / side), Math.ceil(m / side), batch] as const;
  const operands = [left.operand, right.operand, ...(start === null ? [] : [start])];
  const out = on.compute(operands, [n, m, batch], (handles) =>
    on.device.dispatch(wgsl, [n, m, batch], handles, uniforms, groups),
  );
  on.free(...left.made, ...right.made);
  return out;
};

/** A factor whose rows, and the sums along them or across them, are whole fours long. */
interface Fours {
  readonly operand: Operand;
  /** Fours from one matrix to the next, from one row to the next, and to skip in front. */
  readonly places: readonly [matrix: number, row: number, from: number];
  /** Memory to give back. */
  readonly made: readonly Storage[];
}

/**
 * Returns the factor unchanged if its rows are multiples of four, otherwise a zero-padded copy. `along`: the summed axis is
 * the row axis; `lanes` is the number of rows.
 */
function fours(on: GpuRunner, factor: Factor, along: boolean, lanes: number, k: number, batch: number): Fours {
  const { operand, rows, columns, step, from } = factor;
  if (columns % 4 === 0 && k % 4 === 0 && (!along || from % 4 === 0)) {
    const row = columns / 4;
    return { operand, places: [step * rows * row, row, along ? from / 4 : from * row], made: [] };
  }
  const [height, width] = along ? [lanes, k] : [k, lanes];
  const [padded, row] = [along ? lanes : 4 * Math.ceil(k / 4), Math.ceil(width / 4)];
  const [fromRow, fromColumn] = along ? [0, from] : [from, 0];
  const made = on.launch(
    { source: pad },
    [4 * row, padded, step * (batch - 1) + 1],
    [stored(factor, batch), fromRow, fromColumn, height, width],
  );
  return { operand: operandOf(made), places: [step * padded * row, row, 0], made: [made] };
}
