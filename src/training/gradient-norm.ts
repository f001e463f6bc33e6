import { refuseExtra } from '../base/options';
import { sumSquares } from '../tensor/ops/reductions/sum-squares';
import { keep } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { FitCallback } from './fit-callback';

/**
 * Measure ‖g‖ = √Σ g², the norm of all gradients of a step together, as the transform gets them: before it clips or compresses.
 * The events of `fit` have it as `values.gradientNorm`, a report that of its last step.
 * @example
 * const w = tensor([3, 4]);
 * const loss = () => w.square().sum().mul(0.5); // its gradient is w
 * const { history } = await fit({
 *   ...{ params: { w }, transform: sgd({ learningRate: 0.1 }), loss, data: [0] },
 *   callbacks: [gradientNorm()],
 * });
 * console.log(history[0]?.values); // prints { gradientNorm: 5 }
 */
export function gradientNorm(): FitCallback {
  if (arguments.length > 0) refuseExtra('gradientNorm', arguments, 0);
  let squares: Tensor[] = [];
  return {
    name: 'gradientNorm',
    start() {
      squares = [];
    },
    observe({ gradients }) {
      for (const g of Object.values(gradients)) squares.push(keep(sumSquares(g)));
    },
    async measure() {
      const read = squares.map((square) => square.item());
      squares = [];
      return { gradientNorm: Math.sqrt((await Promise.all(read)).reduce((sum, x) => sum + x, 0)) };
    },
  };
}
