import { checkArgument, number, refuseExtra } from '../../base/options';
import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import { type GradientTransform, mapParams, transform } from '../transform';

/**
 * Shrink all gradients by one factor so that their joint norm is at most `maxNorm`: g/max(1, ‖g‖/maxNorm).
 * @see Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", arXiv 1211.5063.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('clipByGlobalNorm', arguments, 1);
  checkArgument('clipByGlobalNorm', 'maxNorm', number({ low: Number.MIN_VALUE, high: Infinity }), maxNorm);
  return transform({
    name: 'clipByGlobalNorm',
    init: () => [] as const,
    update(grads, state) {
      const squares = mapParams(grads, (g) => sumSquares(g));
      const norm = sqrt(Object.values(squares).reduce((total, x) => add(total, x)));
      const excess = maximum(div(norm, maxNorm), 1);
      return [mapParams(grads, (g) => div(g, excess)), state];
    },
  });
}
