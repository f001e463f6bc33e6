import { add, exp, gelu, mul, matmul as product, scope, type Tensor, tanh } from '../../../src';
import type { Arrays, Prepared, TaskOf } from '../../contestant';
import { arrayOf, resident } from './resident';

/** An op on resident tensors, its result freed by a scope. */
export function prepareOp(op: () => Tensor): Prepared {
  return {
    run: () => scope(() => void op()), // a result that left the scope would be copied out
    outcome: () => scope(op).dataSync() as Float32Array,
  };
}

export function matmul({ transposeA, transposeB }: TaskOf<'matmul'>, arrays: Arrays): Prepared {
  const [a, b] = [resident(arrayOf(arrays, 'a')), resident(arrayOf(arrays, 'b'))];
  return prepareOp(() => product(a, b, { transposeA, transposeB }));
}

const ops = { add, mul, exp, tanh, gelu: (x: Tensor) => gelu(x) };

export function elementwise({ op }: TaskOf<'elementwise'>, arrays: Arrays): Prepared {
  const [x, y] = [resident(arrayOf(arrays, 'x')), resident(arrayOf(arrays, 'y'))];
  return prepareOp(() => ops[op](x, y));
}
