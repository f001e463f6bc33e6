import { rotary } from '../../tensor/ops/attention/rotary';
import { concat } from '../../tensor/ops/movement/concat';
import { repeat } from '../../tensor/ops/movement/repeat';
import { reshape } from '../../tensor/ops/movement/reshape';
import { slice, split } from '../../tensor/ops/movement/slice';
import { tile } from '../../tensor/ops/movement/tile';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';

/** How MoRA gathers inputs and spreads outputs: the numbers are those of its authors' program. */
export type MoraType = 1 | 2 | 3 | 4 | 6;

/** The maps around a square matrix Q [r̂, r̂], which have no parameters and are linear. */
export interface MoraMaps {
  /** C. Shapes: x [..., in] → [..., g, r̂]; each of the g groups goes through Q. */
  readonly compress: (x: Tensor, side: number) => Tensor;
  /** D. Shapes: y [..., g, r̂] → [..., out]. */
  readonly decompress: (y: Tensor, outputs: number) => Tensor;
}

/**
 * The maps of each type. 1 adds up every r̂-th input and repeats the r̂ outputs as a whole; 2 adds up neighbours and repeats
 * each output beside itself; 3 and 4 are their mixtures. 6 adds up nothing: group k of r̂ inputs is turned by the angles
 * k·10000^(−2i/r̂), and the outputs of all groups are laid one after the other.
 */
export const moraMaps: Readonly<Record<MoraType, MoraMaps>> = {
  1: { compress: strided, decompress: tiled },
  2: { compress: contiguous, decompress: repeated },
  3: { compress: contiguous, decompress: tiled },
  4: { compress: strided, decompress: repeated },
  6: { compress: (x, side) => rotary(groupsOf(x, side)), decompress: tiled },
};

/** x, from its front again where it ends, cut into groups. Shapes: [..., in] → [..., ⌈in/r̂⌉, r̂]. */
function groupsOf(x: Tensor, side: number): Tensor {
  const groups = Math.ceil((x.shape.at(-1) as number) / side);
  return reshape(goneRound(x, groups * side), [...leading(x), groups, side]);
}

/** Shapes: [..., in] → [..., 1, r̂] */
function strided(x: Tensor, side: number): Tensor {
  return sum(groupsOf(x, side), { axis: -2, keepDims: true });
}

/** Sums of neighbours, of one more in the first groups. Shapes: [..., in] → [..., 1, r̂] */
function contiguous(x: Tensor, side: number): Tensor {
  const inputs = x.shape.at(-1) as number;
  const { longer, less } = shares(inputs, side);
  const parts = split(x, [longer * (less + 1), (side - longer) * less], -1);
  const sums = parts.map((part, i) => {
    const groups = i === 0 ? longer : side - longer;
    return sum(reshape(part, [...leading(x), groups, i === 0 ? less + 1 : less]), { axis: -1 });
  });
  return reshape(concat(sums, -1), [...leading(x), 1, side]);
}

/** All groups one after the other, again and again. Shapes: [..., g, r̂] → [..., out] */
function tiled(y: Tensor, outputs: number): Tensor {
  const [groups, side] = y.shape.slice(-2) as [number, number];
  return goneRound(reshape(y, [...y.shape.slice(0, -2), groups * side]), outputs);
}

/** Each output beside itself, the first ones once more. Shapes: [..., 1, r̂] → [..., out] */
function repeated(y: Tensor, outputs: number): Tensor {
  const side = y.shape.at(-1) as number;
  const { longer, less } = shares(outputs, side);
  const [first, rest] = split(reshape(y, [...y.shape.slice(0, -2), side]), [longer, side - longer], -1);
  return concat([repeat(first as Tensor, less + 1, -1), repeat(rest as Tensor, less, -1)], -1);
}

/** The first `length` of the elements of the last axis, which begin anew where they end. */
function goneRound(x: Tensor, length: number): Tensor {
  const times = Math.ceil(length / (x.shape.at(-1) as number));
  return slice(times === 1 ? x : tile(x, [times]), [], [...leading(x), length]);
}

/** `size` elements in `side` groups: the first `longer` have `less` + 1. */
function shares(size: number, side: number): { readonly longer: number; readonly less: number } {
  return { longer: size % side, less: Math.floor(size / side) };
}

const leading = (x: Tensor): readonly number[] => x.shape.slice(0, -1);
