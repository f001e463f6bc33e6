import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { sameShape, show, sizeOf } from '../../../base/shape';
import { apply, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { reshape } from '../movement/reshape';
import { sumTo } from '../reductions/sum-to';
import { matmul } from './matmul';

/** x [N, in], weight [out, in], bias [out] → [N, out]; the bias costs no pass of its own. */
const op: Primitive<[x: Tensor, weight: Tensor, bias: Tensor]> = {
  name: 'linear',
  kernel: (backend, [x, weight, bias], _, shape) => backend.matmul(x, weight, false, true, shape, bias),
  vjp: (g, [x, weight, bias]) => [
    () => matmul(g, weight), //                    [N, out]·[out, in]
    () => matmul(g, x, { transposeA: true }), //   [out, N]·[N, in]
    () => sumTo(g, bias.shape),
  ],
};

/**
 * x·Wᵀ + b, with PyTorch's layout of the weight.
 * Shapes: x [..., in], weight [out, in], bias [out] → [..., out]. Cost: 2·in·out flops a row of x.
 * @throws ShapeError `linear/shapes`
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  if (arguments.length > 3) refuseExtra('linear', arguments, 3);
  checkFloat('linear', x, weight);
  if (bias !== undefined) checkFloat('linear', bias);
  const [outputs, inputs] = weight.shape;
  if (
    weight.ndim !== 2 ||
    x.ndim === 0 ||
    x.shape.at(-1) !== inputs ||
    (bias && !sameShape(bias.shape, [outputs ?? 0]))
  ) {
    throw new ShapeError({
      code: 'linear/shapes',
      got: `linear got x ${show(x.shape)}, weight ${show(weight.shape)} and bias ${bias ? show(bias.shape) : 'none'}`,
      expected: 'x [..., in], weight [out, in], bias [out]',
      fix: 'check the order of the layers; a weight is stored with its outputs first',
    });
  }
  if (!bias) return matmul(x, weight, { transposeB: true });
  const shape = [sizeOf(x.shape.slice(0, -1)), outputs as number];
  if (x.ndim === 2) return apply(op, [x, weight, bias], undefined, shape);
  const y = apply(op, [reshape(x, [shape[0] as number, inputs as number]), weight, bias], undefined, shape);
  return reshape(y, [...x.shape.slice(0, -1), outputs as number]);
}
