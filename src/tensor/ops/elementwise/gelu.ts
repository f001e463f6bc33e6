import { boolean, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { activation } from './activation';
import { add } from './add';
import { clip } from './clip';
import { erf } from './erf';
import { exp } from './exp';
import { mul } from './mul';
import { square } from './square';
import { sub } from './sub';
import { tanh } from './tanh';

/** ½·x·(1 + tanh u), u = √(2/π)·(x + 0.044715·x³) */
const tanhForm = activation('gelu', {
  forward: (x) => mul(mul(0.5, x), add(1, tanh(inner(x)))),
  // dx = g·(½·(1 + t) + ½·x·(1 − t²)·u′), t = tanh u, u′ = √(2/π)·(1 + 3·0.044715·x²)
  vjp(g, at) {
    const x = clip(at, -30, 30); // the derivative is 0 or 1 beyond, where x² might overflow
    const t = tanh(inner(x));
    const slope = mul(Math.sqrt(2 / Math.PI), add(1, mul(3 * 0.044715, square(x))));
    return mul(g, add(mul(0.5, add(1, t)), mul(mul(mul(0.5, x), sub(1, square(t))), slope)));
  },
});

function inner(x: Tensor): Tensor {
  return mul(mul(Math.sqrt(2 / Math.PI), x), add(1, mul(0.044715, square(x))));
}

/** x·Φ(x), Φ(x) = ½·(1 + erf(x/√2)) */
const exactForm = activation('geluErf', {
  forward: (x) => mul(x, normalCdf(x)),
  // dx = g·(Φ(x) + x·φ(x)), φ(x) = exp(−x²/2)/√(2π)
  vjp(g, at) {
    const x = clip(at, -40, 40);
    const density = mul(exp(mul(-0.5, square(x))), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(normalCdf(x), mul(x, density)));
  },
});

function normalCdf(x: Tensor): Tensor {
  return mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))));
}

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
