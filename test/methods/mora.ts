// MoRA (arXiv 2405.12130): a square matrix Q between maps without parameters, ΔW = D·(I ⊗ Q)·C, of as many numbers as LoRA
// of rank r has, and of a rank up to r̂ = √((out + in)·r).
import {
  Adapter,
  type AdapterReport,
  type AttachedLayer,
  add,
  attachAdapters,
  Linear,
  linear,
  type Match,
  type Module,
  matmul,
  mul,
  reshape,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index';

/** How inputs are gathered and outputs spread: the numbers are those of the authors' program. */
export type MoraType = 1 | 2 | 3 | 4 | 6;

export class Mora extends Adapter {
  /** [r̂, r̂] */
  Q: Tensor;
  readonly additive = true;
  /** C [g·r̂, in], of which each group of r̂ goes through Q. */
  readonly #compress: Tensor;
  /** D [out, g·r̂] */
  readonly #decompress: Tensor;

  constructor(type: MoraType, outputs: number, inputs: number, rank: number) {
    super();
    const half = Math.floor(Math.sqrt((outputs + inputs) * rank) + 0.5);
    const side = type === 6 ? half - (half % 2) : half;
    const { C, D } = maps[type](outputs, inputs, side);
    this.Q = zeros([side, side]);
    this.#compress = tensor(C);
    this.#decompress = tensor(D);
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const inner = linear(x, this.#compress); // [..., g·r̂]
    const groups = linear(reshape(inner, [...inner.shape.slice(0, -1), -1, this.side]), this.Q); // [..., g, r̂]
    return add(linear(x, weight, bias ?? undefined), linear(reshape(groups, inner.shape), this.#decompress));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const inputs = weight.shape[1] as number;
    const groups = matmul(mul(this.Q, fraction), reshape(this.#compress, [-1, this.side, inputs])); // [g, r̂, in]
    return add(weight, matmul(this.#decompress, reshape(groups, [-1, inputs])));
  }

  /** r̂ */
  get side(): number {
    return this.Q.shape[0] as number;
  }
}

export function mora(
  model: Module,
  { rank, type, match }: { readonly rank: number; readonly type: MoraType; readonly match?: Match },
): AdapterReport<AttachedLayer<Mora>> {
  return attachAdapters(model, {
    match,
    make({ layer }) {
      if (!(layer instanceof Linear)) return 'not a Linear';
      const [outputs, inputs] = layer.weight.shape as readonly [number, number];
      return new Mora(type, outputs, inputs, rank);
    },
  });
}

type Maps = (outputs: number, inputs: number, side: number) => { readonly C: number[][]; readonly D: number[][] };

/** A matrix [rows, columns] of ones where `at(row, column)`. */
const ones = (rows: number, columns: number, at: (i: number, j: number) => boolean): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => (at(i, j) ? 1 : 0)));

/** Which of `side` contiguous groups the element is in; the first ones have one element more. */
function contiguous(size: number, side: number): (j: number) => number {
  const [less, longer] = [Math.floor(size / side), size % side];
  return (j) =>
    j < longer * (less + 1) ? Math.floor(j / (less + 1)) : longer + Math.floor((j - longer * (less + 1)) / less);
}

/** x padded with its own first entries to a multiple of r̂, groups of every r̂-th summed. */
function strided(inputs: number, side: number): number[][] {
  const padded = Math.ceil(inputs / side) * side;
  const C = ones(side, inputs, (i, j) => j % side === i);
  for (let j = inputs; j < padded; j++) (C[j % side] as number[])[j - inputs] = 1 + (C[j % side]?.[j - inputs] ?? 0);
  return C;
}
const summed = (inputs: number, side: number): number[][] => {
  const group = contiguous(inputs, side);
  return ones(side, inputs, (i, j) => group(j) === i);
};
const tiled = (outputs: number, side: number): number[][] => ones(outputs, side, (j, i) => j % side === i);
const repeated = (outputs: number, side: number): number[][] => {
  const group = contiguous(outputs, side);
  return ones(outputs, side, (j, i) => group(j) === i);
};

const maps: Record<MoraType, Maps> = {
  1: (outputs, inputs, side) => ({ C: strided(inputs, side), D: tiled(outputs, side) }),
  2: (outputs, inputs, side) => ({ C: summed(inputs, side), D: repeated(outputs, side) }),
  3: (outputs, inputs, side) => ({ C: summed(inputs, side), D: tiled(outputs, side) }),
  4: (outputs, inputs, side) => ({ C: strided(inputs, side), D: repeated(outputs, side) }),
  // Group k of the inputs is rotated by k·10000^(−2i/r̂) in the planes (i, i + r̂/2), and all groups go through Q.
  6: (outputs, inputs, side) => {
    const groups = Math.ceil(inputs / side);
    const half = side / 2;
    const C = Array.from({ length: groups * side }, (_, row) => {
      const [k, i] = [Math.floor(row / side), row % side];
      const angle = k * 10000 ** (-(2 * (i % half)) / side);
      const line = new Array<number>(inputs).fill(0);
      const put = (column: number, value: number): void => {
        const at = k * side + column;
        const wrapped = at < inputs ? at : at - inputs; // padded with the first entries
        line[wrapped] = (line[wrapped] as number) + value;
      };
      put(i, Math.cos(angle));
      put(i < half ? i + half : i - half, i < half ? -Math.sin(angle) : Math.sin(angle));
      return line;
    });
    return { C, D: ones(outputs, groups * side, (j, i) => j % (groups * side) === i) };
  },
};
