import { type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis } from '../../../base/shape';
import { apply, checkFloat, compute, type Op } from '../../op';
import type { Tensor } from '../../tensor';
import type { Operand } from '../elementwise/binary';
import { div } from '../elementwise/div';
import { exp } from '../elementwise/exp';
import { log } from '../elementwise/log';
import { stopGradient } from '../elementwise/stop-gradient';
import { sub } from '../elementwise/sub';
import { transpose } from '../movement/transpose';
import { max } from '../reductions/max';
import { sum } from '../reductions/sum';

const softmaxOptions = {
  /** The axis, negative ones counted from the back (default −1, the last). */
  axis: optional(axisKind, -1),
};

/** Along which axis. */
export interface SoftmaxOptions extends OptionsOf<typeof softmaxOptions> {}

const softmaxOp: Op<1> = {
  name: 'softmax',
  forward: (backend, [x]) => backend.softmax(x),
  // dx = y ⊙ (g − Σ g⊙y)
  vjp: (g, _, { output }) => [
    () => compute<2>('softmax vjp', [g, output], g.shape, (backend, [a, y]) => backend.softmaxGrad(a, y)),
  ],
  composed([x]) {
    const e = exp(sub(x, peak(x)));
    return div(e, sum(e, { axis: -1, keepDims: true }));
  },
};

const logSoftmaxOp: Op<1> = {
  name: 'logSoftmax',
  forward: (backend, [x]) => backend.logSoftmax(x),
  // dx = g − exp(y)·Σ g
  vjp: (g, _, { output }) => [
    () => compute<2>('logSoftmax vjp', [g, output], g.shape, (backend, [a, y]) => backend.logSoftmaxGrad(a, y)),
  ],
  composed([x]) {
    const shifted = sub(x, peak(x));
    return sub(shifted, log(sum(exp(shifted), { axis: -1, keepDims: true })));
  },
};

/** exp(x)/Σ exp(x) along an axis, shifted by the maximum so that nothing overflows. */
export const softmax = alongAxis(softmaxOp);

/** x − log Σ exp(x) along an axis. */
export const logSoftmax = alongAxis(logSoftmaxOp);

/** The shift cancels out of value and derivatives, so no gradient need pass through it. */
function peak(x: Tensor): Operand {
  return x.size === 0 ? 0 : stopGradient(max(x, { axis: -1, keepDims: true }));
}

/** The kernels work on the last axis: bring another one there and back. */
function alongAxis(op: Op<1>): (x: Tensor, options?: SoftmaxOptions) => Tensor {
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
