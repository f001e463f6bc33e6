import { ShapeError } from '../../base/errors';
import { checkArgument, finite, refuseExtra, whole } from '../../base/options';
import { show, sizeOf } from '../../base/shape';
import { checkTensor } from '../../tensor/check';
import { customVjp } from '../../tensor/derivatives/custom-vjp';
import { div } from '../../tensor/ops/elementwise/div';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { reshape } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { mean, sum } from '../../tensor/ops/reductions/sum';
import { sumTo } from '../../tensor/ops/reductions/sum-to';
import type { Tensor } from '../../tensor/tensor';

/**
 * x·Wᵀ + b, whose backward pass reads one number for each part of a token. A token of m numbers is g parts x̃ of m/g; of each
 * part x̃·v is read, v a unit vector [m/g], and the gradient of the weight is made with x̂ = (x̃·v)·v in place of x̃:
 *
 *     read: N·g numbers, not N·m        ∇W = c·Dᵀ·X̂        ∇X = D·W        ∇b = Σ D
 *
 * ∇X and ∇b are exact. ∇W is exact (for c = 1) where every part is parallel to v, and biased elsewhere: X̂ is X projected,
 * always by the same v. v gets no gradient. `veloraDirection` makes one of a first batch.
 * The tape of this library holds x all the same, so that its peak of memory is not that of the paper.
 * Shapes: x [..., m], weight [n, m], bias [n] or null, v [m/g] → [..., n].
 * @throws ShapeError `velora/parts`, `linear/shapes`
 * @see Miles et al., "VeLoRA: memory efficient training using rank-1 sub-token projections", NeurIPS 2024, arXiv 2405.17991.
 * @example
 * const [x, weight] = [ones([2, 6]), ones([3, 6])];
 * const v = veloraDirection(x, 3); // parallel to all parts: the gradient is exact
 * const { grads } = valueAndGrad(() => sum(veloraLinear(x, weight, null, v)), { weight });
 * console.log((await grads.weight.data())[0]?.toFixed(3)); // prints 2.000
 */
export function veloraLinear(x: Tensor, weight: Tensor, bias: Tensor | null, v: Tensor, scale = 1): Tensor {
  if (arguments.length > 5) refuseExtra('veloraLinear', arguments, 5);
  for (const given of [x, weight, v]) checkTensor('veloraLinear', given);
  if (bias !== null) checkTensor('veloraLinear', bias);
  checkArgument('veloraLinear', 'scale', finite, scale);
  const inputs = x.shape.at(-1) ?? 0;
  if (v.ndim !== 1 || v.size === 0 || inputs % v.size !== 0) throw noParts('veloraLinear', x, inputs / v.size);
  const unit = reshape(v, [v.size, 1]);
  const rows = sizeOf(x.shape.slice(0, -1));
  const layer = customVjp({
    forward(token: Tensor, W: Tensor, direction: Tensor, b?: Tensor) {
      const z = matmul(reshape(token, [(rows * inputs) / v.size, v.size]), direction); // [N·g, 1]
      return [linear(token, W, b), { z, W, direction }];
    },
    vjp(D, { z, W, direction }) {
      const flat = reshape(D, [rows, D.shape.at(-1) as number]);
      const back = reshape(matmul(z, direction, { transposeB: true }), [rows, inputs]); // X̂ [N, m]
      const gradients = [
        reshape(matmul(flat, W), x.shape),
        mul(matmul(flat, back, { transposeA: true }), scale), // [n, m]
        null,
      ];
      return bias ? [...gradients, sumTo(D, bias.shape)] : gradients;
    },
  });
  return bias ? layer(x, weight, unit, bias) : layer(x, weight, unit);
}

/**
 * The direction of VeLoRA: the mean of all parts of a first batch, with length 1.
 * Shapes: x [..., m], g parts in a token → [m/g].
 * @throws ShapeError `velora/parts`
 */
export function veloraDirection(x: Tensor, parts: number): Tensor {
  if (arguments.length > 2) refuseExtra('veloraDirection', arguments, 2);
  checkTensor('veloraDirection', x);
  checkArgument('veloraDirection', 'parts', whole({ low: 1 }), parts);
  const inputs = x.shape.at(-1) ?? 0;
  if (x.size === 0 || inputs % parts !== 0) throw noParts('veloraDirection', x, parts);
  const v = mean(reshape(x, [(x.size / inputs) * parts, inputs / parts]), { axis: 0 });
  return div(v, sqrt(sum(square(v))));
}

function noParts(where: string, { shape }: Tensor, parts: number): ShapeError {
  return new ShapeError({
    code: 'velora/parts',
    got: `${where} got x ${show(shape)} for ${parts} parts of a token`,
    expected: 'a last axis that the number of parts divides',
    fix: 'use another number of parts; the length of v is that of one part',
  });
}
