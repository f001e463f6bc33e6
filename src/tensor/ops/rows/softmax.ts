import { type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis } from '../../../base/shape';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { div } from '../elementwise/div';
import { exp } from '../elementwise/exp';
import { log } from '../elementwise/log';
import { mul } from '../elementwise/mul';
import { sub } from '../elementwise/sub';
import { clone } from '../movement/clone';
import { transpose } from '../movement/transpose';
import { max } from '../reductions/max';
import { sum } from '../reductions/sum';

const softmaxOptions = {
  /** The axis, negative ones counted from the back (default −1, the last). */
  axis: optional(axisKind, -1),
};

/** Along which axis. */
export interface SoftmaxOptions extends OptionsOf<typeof softmaxOptions> {}

/** The derivative needs the output alone, so neither x nor the exponentials are read again. */
const softmaxOp: Composite<[x: Tensor]> = {
  name: 'softmax',
  // y = exp(x − max)/Σ exp(x − max)
  forward([x]) {
    const e = exp(shifted(x));
    return div(e, sum(e, alongRows));
  },
  // dx = y ⊙ (g − Σ g⊙y)
  vjp: (g, _, { output: y }) => [() => mul(y, sub(g, sum(mul(g, y), alongRows)))],
  kernel: (backend, [x]) => backend.softmax?.(x),
  vjpKernel: (backend, g, _, { output: y }) => backend.softmaxGrad?.(g, y),
};

const logSoftmaxOp: Composite<[x: Tensor]> = {
  name: 'logSoftmax',
  // y = x − max − log Σ exp(x − max)
  forward([x]) {
    const s = shifted(x);
    return sub(s, log(sum(exp(s), alongRows)));
  },
  // dx = g − exp(y)·Σ g
  vjp: (g, _, { output: y }) => [() => sub(g, mul(exp(y), sum(g, alongRows)))],
  kernel: (backend, [x]) => backend.logSoftmax?.(x),
  vjpKernel: (backend, g, _, { output: y }) => backend.logSoftmaxGrad?.(g, y),
};

const alongRows = { axis: -1, keepDims: true };

/** x minus the largest of its row, so that no exponential overflows; the shift cancels out of the results. */
function shifted(x: Tensor): Tensor {
  return x.size === 0 ? clone(x) : sub(x, max(x, alongRows));
}

/** exp(x)/Σ exp(x) along an axis, shifted by the maximum so that nothing overflows. */
export const softmax = alongAxis(softmaxOp);

/** x − log Σ exp(x) along an axis. */
export const logSoftmax = alongAxis(logSoftmaxOp);

/** Both ops work on the last axis; another axis is transposed there and back. */
function alongAxis(op: Composite<[x: Tensor]>): (x: Tensor, options?: SoftmaxOptions) => Tensor {
  return function (x, options) {
    if (arguments.length > 2) refuseExtra(op.name, arguments, 2);
    checkFloat(op.name, x);
    const axis = options === undefined ? -1 : readOptions(op.name, softmaxOptions, options, 'x').axis;
    const at = normalizeAxis(op.name, axis, x.shape);
    if (at === x.ndim - 1) return apply(op, [x], undefined, x.shape);
    const order = x.shape.map((_, i) => (i === at ? x.ndim - 1 : i === x.ndim - 1 ? at : i));
    const moved = transpose(x, order);
    return transpose(apply(op, [moved], undefined, moved.shape), order);
  };
}
