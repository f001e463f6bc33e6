import { boolean, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { checkFloat, compute } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from './add';
import { erf } from './erf';
import { mul } from './mul';
import { square } from './square';
import { tanh } from './tanh';
import { unary } from './unary';

const tanhForm = unary(
  'gelu',
  (g, x) => compute<2>('gelu vjp', [g, x], x.shape, (backend, [a, b]) => backend.binary('geluGrad', a, b, x.shape)),
  (x) => {
    const inner = mul(mul(Math.sqrt(2 / Math.PI), x), add(1, mul(0.044715, square(x))));
    return mul(mul(0.5, x), add(1, tanh(inner)));
  },
);

/** x·Φ(x), Φ(x) = ½·(1 + erf(x/√2)). */
const exactForm = unary(
  'geluErf',
  (g, x) => compute<2>('gelu vjp', [g, x], x.shape, (backend, [a, b]) => backend.binary('geluErfGrad', a, b, x.shape)),
  (x) => mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2)))),
);

const geluOptions = {
  /** x times the chance that a normal number is below x, by erf (default: the tanh form, within 5e-4 of it). */
  exact: optional(boolean, false),
};

/** Which form of GELU. */
export interface GeluOptions extends OptionsOf<typeof geluOptions> {}

/**
 * GELU, in its tanh form x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) or exactly, x/2·(1 + erf(x/√2)).
 * @see Hendrycks and Gimpel, "Gaussian error linear units", arXiv 1606.08415.
 */
export function gelu(x: Tensor, options?: GeluOptions): Tensor {
  if (arguments.length > 2) refuseExtra('gelu', arguments, 2);
  checkFloat('gelu', x);
  const exact = options !== undefined && readOptions('gelu', geluOptions, options, 'x').exact;
  return exact ? exactForm(x) : tanhForm(x);
}
