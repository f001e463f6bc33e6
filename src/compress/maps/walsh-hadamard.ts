import { fromArray } from '../../tensor/ops/create';
import { reshape } from '../../tensor/ops/movement/reshape';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';

/** Factors of the transform: large enough for the product kernel to run at speed, small enough to save work. */
const largestFactor = 32;

/**
 * The fast Walsh-Hadamard transform of the columns of x: H·x with the d×d matrix of ±1 with H_ij = (−1)^(bits of i & j).
 * H of d = a·b is the Kronecker product of H of a and of b, so one pass for each factor of at most 32 is enough:
 * 64 flops an entry and pass instead of 2·d. Shapes: x [d, k] → [d, k], d a power of two.
 */
export function walshHadamard(x: Tensor): Tensor {
  const [d, k] = x.shape as readonly [number, number];
  let result = x;
  for (let done = 1; done < d; ) {
    const factor = Math.min(largestFactor, d / done);
    const rest = d / done / factor;
    // [done, factor, rest·k]: the factor in the middle is an axis of its own
    result = matmul(hadamard(factor), reshape(result, [done, factor, rest * k]));
    done *= factor;
  }
  return reshape(result, [d, k]);
}

function hadamard(d: number): Tensor {
  const entry = (i: number, j: number): number => (bitCount(i & j) % 2 === 0 ? 1 : -1);
  return fromArray(
    Float32Array.from({ length: d * d }, (_, at) => entry(Math.floor(at / d), at % d)),
    [d, d],
  );
}

function bitCount(x: number): number {
  let count = 0;
  for (let rest = x; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
