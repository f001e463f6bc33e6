import { compute } from '../op';
import { add } from './add';
import { mul } from './mul';
import { square } from './square';
import { tanh } from './tanh';
import { unary } from './unary';

/**
 * GELU in its tanh form: x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
 * @see Hendrycks and Gimpel, "Gaussian error linear units", arXiv 1606.08415.
 */
export const gelu = unary(
  'gelu',
  (g, x) => compute<2>('gelu vjp', [g, x], x.shape, (backend, [a, b]) => backend.binary('geluGrad', a, b, x.shape)),
  (x) => {
    const inner = mul(mul(Math.sqrt(2 / Math.PI), x), add(1, mul(0.044715, square(x))));
    return mul(mul(0.5, x), add(1, tanh(inner)));
  },
);
