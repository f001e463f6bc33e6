import type { Compare } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import { broadcastShapes } from '../../../base/shape';
import { checkDType, compute } from '../../op';
import type { Tensor } from '../../tensor';
import { isTensor } from '../../tree';
import { full } from '../create';
import { notAnOperand, type Operand } from './binary';

/** Elementwise comparisons with broadcasting: int32 zeros and ones, without derivative. */
export const equal = comparison('equal');
/** a < b: int32 zeros and ones. */
export const less = comparison('less');
/** a ≤ b: int32 zeros and ones. */
export const lessEqual = comparison('lessEqual');
/** a > b: int32 zeros and ones. */
export const greater = comparison('greater');
/** a ≥ b: int32 zeros and ones. */
export const greaterEqual = comparison('greaterEqual');

function comparison(name: Compare): (a: Operand, b: Operand) => Tensor {
  return function (a, b) {
    if (arguments.length > 2) refuseExtra(name, arguments, 2);
    return compare(name, name, a, b);
  };
}

/** A comparison for the function `where` that the user called. */
export function compare(where: string, how: Compare, a: Operand, b: Operand): Tensor {
  checkOperand(where, a);
  checkOperand(where, b);
  if (!isTensor(a) && !isTensor(b)) return compare(where, how, full([], a), b);
  const tensors = [a, b].filter(isTensor);
  const first = tensors[0] as Tensor;
  for (const x of tensors) checkDType(where, x, first.dtype);
  const shape = broadcastShapes(where, isTensor(a) ? a.shape : [], isTensor(b) ? b.shape : []);
  return compute(where, tensors, shape, (backend) => backend.compare(how, operand(a), operand(b), shape));
}

/** @throws OptionError `arguments/tensor` */
export function checkOperand(where: string, x: unknown): asserts x is Operand {
  if (typeof x !== 'number' && !isTensor(x)) throw notAnOperand(where, x);
}

function operand(x: Operand): Tensor['value'] | number {
  return isTensor(x) ? x.value : x;
}
