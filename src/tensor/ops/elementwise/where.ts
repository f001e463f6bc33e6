import { refuseExtra } from '../../../base/options';
import { broadcastShapes } from '../../../base/shape';
import { apply, checkDType, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { isTensor } from '../../tree';
import { full } from '../create';
import { sumTo } from '../reductions/sum-to';
import type { Operand } from './binary';
import { checkOperand } from './compare';

const op: Primitive<[condition: Tensor, a: Tensor, b: Tensor]> = {
  name: 'where',
  kernel: (backend, [condition, a, b], _, shape) => backend.where(condition, a, b, shape),
  vjp: (g, [condition, a, b]) => [
    null,
    () => sumTo(where(condition, g, 0), a.shape),
    () => sumTo(where(condition, 0, g), b.shape),
  ],
};

/** Elementwise `condition ? a : b` with broadcasting; condition int32. The branch not taken gets no cotangent. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (arguments.length > 3) refuseExtra('where', arguments, 3);
  checkDType('where', condition, 'int32');
  checkOperand('where', a);
  checkOperand('where', b);
  if (isTensor(a)) checkFloat('where', a);
  if (isTensor(b)) checkFloat('where', b);
  const branches = broadcastShapes('where', isTensor(a) ? a.shape : [], isTensor(b) ? b.shape : []);
  const shape = broadcastShapes('where', branches, condition.shape);
  const [p, q] = [isTensor(a) ? a : full([], a), isTensor(b) ? b : full([], b)];
  return apply(op, [condition, p, q], undefined, shape);
}
