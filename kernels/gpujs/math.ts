// float32 functions for kernels: each a function of gpu.js that kernels name in `functions`, with those that it calls.
// Drivers may round exp, log, tanh and pow coarsely, and are wrong at their edges: tanh(100) is NaN, log(0) is −88 and
// (−2)³ is 8 on some. Here only +, −, ·, /, floor and comparisons are used, which all drivers round as they should; the
// polynomials are those of `kernels/wasm/math.ts` (Cephes: S. Moshier, netlib.org/cephes). There are no bits to take
// apart, so powers of two are found by halving. Bounds are in units in the last place (ulp) where nothing is subnormal.
//
// No compiler may know an infinity or a NaN, since it may refuse or fold them: they are arguments, or arise from data.
// A comparison with NaN is false, so each function ends with the case that lets NaN through.

import { isNan } from './nan';

const halvings = [64, 32, 16, 8, 4, 2, 1];

/** 2ⁿ for a whole n from −126 to 127, exactly: a product of the powers 2^±64 … 2^±1 that make up n. */
const powerOfTwo = /* js */ `
function powerOfTwo(n) {
  let rest = Math.abs(n);
  let power = 1;
  ${halvings
    .map(
      (step) => `if (rest >= ${step}) {
    rest = rest - ${step};
    power = power * (n < 0 ? ${2 ** -step} : ${2 ** step});
  }`,
    )
    .join('\n  ')}
  return power;
}`;

/**
 * e^(high + low), low much the smaller: high + low = n·ln 2 + r with |r| ≤ ½ ln 2, a polynomial in r, and 2ⁿ as two
 * factors so that both ends of the range come out right. To 1 ulp; Infinity from 89 on.
 */
const expOfSum = /* js */ `
function expOfSum(high, low) {
  let y = high * 10000000000000000000 * 10000000000000000000;
  if (high < 100) {
    const x = Math.max(high, -110);
    const n = Math.floor((x + low) * 1.44269504088896341 + 0.5);
    const r = x - n * 0.693359375 + n * 0.000212194440 + low;
    let p = 0.00019875691500 * r + 0.0013981999507;
    p = p * r + 0.0083334519073;
    p = p * r + 0.041665795894;
    p = p * r + 0.16666665459;
    p = p * r + 0.50000001201;
    p = p * r * r + r + 1;
    const part = Math.floor(n * 0.5);
    y = p * powerOfTwo(part) * powerOfTwo(n - part);
  }
  return y;
}`;
const expOf = /* js */ `
function expOf(x) {
  return expOfSum(x, 0);
}`;
export const exp = [powerOfTwo, expOfSum, expOf];

/** e of x = m·2ᵉ with m in [√½, √2), for positive, finite x. */
const exponentOf = /* js */ `
function exponentOf(x) {
  let m = x;
  let e = 0;
  if (m < 1) { // up first: by 2¹²⁶, and subnormal numbers once more
    m = m * ${2 ** 63} * ${2 ** 63};
    e = -126;
    if (m < 1) {
      m = m * 16777216;
      e = -150;
    }
  }
  ${halvings
    .map(
      (step) => `if (m >= ${2 ** step}) {
    m = m * ${2 ** -step};
    e = e + ${step};
  }`,
    )
    .join('\n  ')}
  if (m > 1.41421354) {
    e = e + 1;
  }
  return e;
}`;

/** m − 1 for x = m·2ᵉ, exactly. */
const mantissaOf = /* js */ `
function mantissaOf(x, e) {
  const part = Math.floor(e * 0.5);
  return x * powerOfTwo(-part) * powerOfTwo(part - e) - 1;
}`;

/** (ln(1 + z) − z + z²/2)/z³ for 1 + z in [√½, √2). */
const logTail = /* js */ `
function logTail(z) {
  let p = 0.070376836292 * z - 0.1151461031;
  p = p * z + 0.1167699874;
  p = p * z - 0.12420140846;
  p = p * z + 0.14249322787;
  p = p * z - 0.16668057665;
  p = p * z + 0.20000714765;
  p = p * z - 0.24999993993;
  return p * z + 0.33333331174;
}`;

/** ln x to 1 ulp: ln m + e·ln 2. −∞ at 0, NaN below. */
const logOf = /* js */ `
function logOf(x, infinity, nan) {
  let y = x;
  if (x > 0) {
    if (x < infinity) {
      const e = exponentOf(x);
      const z = mantissaOf(x, e);
      const tail = logTail(z) * z * z * z - e * 0.00021219444 - 0.5 * z * z;
      y = z + tail + e * 0.693359375;
    }
  }
  if (x <= 0) {
    y = x < 0 ? nan : -infinity;
  }
  return y;
}`;
export const log = [powerOfTwo, exponentOf, mantissaOf, logTail, logOf];

/**
 * aᵇ as in JavaScript: e^(b·ln|a|) with a sign. An error of ln|a| grows with b, so ln|a| and its product with b are
 * each kept as a sum: a part of so few bits that it is exact, and a rest so small that its rounding does no harm.
 */
const powerOf = /* js */ `
function powerOf(a, b, infinity, nan) {
  const size = Math.abs(a);
  const whole = Math.floor(b);
  let sign = 1;
  if (a < 0) {
    if (b === whole) {
      if (b - 2 * Math.floor(b * 0.5) > 0.5) {
        sign = -1;
      }
    } else {
      if (size < infinity) {
        sign = nan;
      }
    }
  }
  let y = 0;
  if (size > 0 && size < infinity && Math.abs(b) < infinity) {
    const e = exponentOf(size);
    const z = mantissaOf(size, e);
    const zHigh = Math.floor(z * 4096) * 0.000244140625;
    const zLow = z - zHigh;
    const square = Math.floor(zHigh * zHigh * 2048) * 0.000244140625; // 12 bits of zHigh²/2
    const logHigh = e * 0.693359375 + (zHigh - square);
    const logLow = zLow - (0.5 * zHigh * zHigh - square) - zLow * (zHigh + 0.5 * zLow)
      + logTail(z) * z * z * z - e * 0.00021219444;
    const exponent = Math.max(-10000000000, Math.min(b, 10000000000)); // enough for the a next to 1
    const bHigh = Math.floor(exponent * 16) * 0.0625;
    const first = Math.floor(logHigh * 64) * 0.015625;
    const product = bHigh * first;
    const rest = bHigh * (logHigh - first) + (exponent - bHigh) * logHigh + exponent * logLow;
    y = sign * infinity;
    if (product + rest < 89) {
      y = product + rest > -110 ? sign * expOfSum(product, rest) : 0;
    }
  } else {
    // A power of 0 or ∞, or an exponent of ±∞, gives ∞ or 0, or NaN where |a| = 1.
    if (size > 1) {
      if (b > 0) {
        y = sign * infinity;
      }
    } else {
      if (b < 0) {
        y = sign * infinity;
      }
      if (size === 1) {
        y = nan;
      }
    }
  }
  // NaN as a factor: a choice would be merged with the comparisons above, turned around on the way.
  y = y * (size <= infinity ? 1 : nan) * (Math.abs(b) <= infinity ? 1 : nan);
  return b === 0 ? 1 : y;
}`;
export const pow = [powerOfTwo, expOfSum, exponentOf, mantissaOf, logTail, powerOf];

/** tanh x to 1.5 ulp: an odd polynomial where |x| < 0.625, else 1 − 2/(e²|ˣ| + 1) with the sign of x. */
const tanhOf = /* js */ `
function tanhOf(x) {
  const size = Math.abs(x);
  let y = 1 - 2 / (expOf(size + size) + 1);
  if (x < 0) {
    y = -y;
  }
  if (size < 0.625) {
    const square = x * x;
    let p = -0.00570498872745 * square + 0.0206390887954;
    p = p * square - 0.0537397155531;
    p = p * square + 0.133314422036;
    p = p * square - 0.333332819422;
    y = x + x * (p * square);
  }
  return y;
}`;
export const tanh = [...exp, tanhOf];

/** numerator/(1 + e⁻ᶻ); the exponential is that of −|z|, which cannot overflow, so that both tails are right. */
const timesSigmoid = /* js */ `
function timesSigmoid(numerator, z) {
  const e = expOf(-Math.abs(z));
  return (z < 0 ? numerator * e : numerator) / (1 + e);
}`;
/** 2u, u = √(2/π)·(x + 0.044715·x³): the tanh form of GELU is x·sigmoid(2u). */
const geluInner = /* js */ `
function geluInner(x) {
  return x * (1.5957691216 + x * x * 0.0713548162726);
}`;
export const sigmoid = [...exp, timesSigmoid];
export const gelu = [...sigmoid, geluInner];

/** g·s·(1 + h·(1 − s)), s = sigmoid z; 1 − s is sigmoid(−z), so that nothing cancels in it. */
const gateGrad = /* js */ `
function gateGrad(g, z, h) {
  const e = expOf(-Math.abs(z));
  const large = 1 / (1 + e);
  const small = e * large;
  const s = z < 0 ? small : large;
  const rest = z < 0 ? large : small;
  return g * s * (1 + h * rest);
}`;
/** 2x·u′: the derivative of `geluInner`, times x. */
const geluSlope = /* js */ `
function geluSlope(x) {
  return x * (1.5957691216 + x * x * 0.2140644488178);
}`;
/**
 * −far to far: beyond, a derivative of GELU or SiLU is 0 or 1 already, and neither x² nor ∞·0 may come up. Minimum and
 * maximum may drop NaN, and so may comparisons, which some drivers compile to them.
 */
const within = /* js */ `
function within(x, far) {
  let y = Math.max(-far, Math.min(x, far));
  if (isNan(x) > 0) { y = x; }
  return y;
}`;
export const gate = [...gelu, geluSlope, isNan, within, gateGrad];

/** exp(a²)·(1 − erf(a)) for 0 ≤ a ≤ 10.2: t·q(t), t = 1/(1 + 0.3·a); q as in `kernels/wasm/math.ts`. */
const erfcScaled = /* js */ `
function erfcScaled(a) {
  const t = 1 / (1 + a * 0.3);
  let q = -0.1295406219 * t + 0.4856562976;
  q = q * t - 0.5124877624;
  q = q * t + 0.5479840780;
  q = q * t - 0.09485375343;
  q = q * t + 0.2150235041;
  q = q * t + 0.1483107046;
  q = q * t + 0.1707198471;
  q = q * t + 0.1691876867;
  return q * t;
}`;

/** erf x to 3 ulp: a polynomial in x² where |x| < 1, else 1 − erfc|x| with the sign of x; from 4 on that is ±1. */
const erfOf = /* js */ `
function erfOf(x) {
  const size = Math.abs(x);
  let y = x;
  if (size < 1) {
    const square = x * x;
    let p = 0.00007853861353693153 * square - 0.0008010193625184903;
    p = p * square + 0.005188327685732524;
    p = p * square - 0.02685381193529856;
    p = p * square + 0.1128358514861418;
    p = p * square - 0.3761262582423300;
    y = x * (p * square + 1.128379165726710);
  } else {
    if (size >= 1) {
      const a = Math.min(size, 4);
      y = 1 - expOf(-a * a) * erfcScaled(a);
      if (x < 0) {
        y = -y;
      }
    }
  }
  return y;
}`;
export const erf = [...exp, erfcScaled, erfOf];

/** exp(−x²/2). */
const bell = /* js */ `
function bell(x) {
  const a = Math.min(Math.abs(x), 14.5);
  return expOf(-0.5 * a * a);
}`;
/** The chance that a standard normal number is below x: ½ + x·p(x²) near 0, else from `erfcScaled`; `b` is bell(x). */
const normalCdf = /* js */ `
function normalCdf(x, b) {
  const size = Math.abs(x);
  let y = 0;
  if (size < 0.7) {
    const square = x * x;
    let p = 0.00010294056216456765 * square - 0.0011812850532200957;
    p = p * square + 0.009972348966550786;
    p = p * square - 0.06649029496107277;
    y = 0.5 + x * (p * square + 0.3989422794357482);
  } else {
    y = 0.5 * b * erfcScaled(Math.min(size, 14.5) * 0.70710678118654752);
    if (x > 0) {
      y = 1 - y;
    }
  }
  return y;
}`;
export const normal = [...exp, erfcScaled, bell, normalCdf, isNan, within];

/**
 * sin(x + turns·π/2): to 2.5 ulp up to 100, and to 1.2e-7 up to 102,900, where products of whole numbers n with the first
 * three parts of π/2, which have 8 bits, are exact (Cody and Waite). Beyond, as if x were off by an ulp; beyond 2²⁴, NaN.
 */
const waveOf = /* js */ `
function waveOf(x, turns, nan) {
  let y = nan;
  if (Math.abs(x) <= 16777216) {
    const n = Math.floor(x * 0.63661977236758134 + 0.5);
    const r = x - n * 1.5703125 - n * 0.0004825592041015625 - n * 0.0000012665987014770508
      - n * 0.0000000009920935184482005;
    const square = r * r;
    const quarter = n + turns - 4 * Math.floor((n + turns) * 0.25);
    let p = -0.00019515295891 * square + 0.0083321608736;
    p = p * square - 0.16666654611;
    y = r + r * (p * square);
    if (quarter - 2 * Math.floor(quarter * 0.5) > 0.5) {
      p = 0.00002443315711809948 * square - 0.001388731625493765;
      p = p * square + 0.04166664568298827;
      y = 1 - 0.5 * square + p * square * square;
    }
    if (quarter > 1.5) {
      y = -y;
    }
  }
  return y;
}`;
export const wave = [waveOf];

/** The angle of the point (b, a) to 4 ulp; zeros have no sign here, and subnormal numbers are zeros. */
const atan2Of = /* js */ `
function atan2Of(a, b, infinity, nan) {
  const high = Math.max(Math.abs(a), Math.abs(b));
  const low = Math.min(Math.abs(a), Math.abs(b));
  let y = 0;
  if (high >= ${2 ** -126}) {
    let t = low / high;
    if (low >= infinity) {
      t = 1;
    }
    let base = 0;
    if (t > 0.41421356) {
      t = (t - 1) / (t + 1);
      base = 0.78539816339744831;
    }
    const square = t * t;
    let p = 0.0805374449538 * square - 0.138776856032;
    p = p * square + 0.199777106478;
    p = p * square - 0.333329491539;
    y = base + (t + t * (p * square));
    if (Math.abs(a) > Math.abs(b)) {
      y = 1.5707963267948966 - y;
    }
    if (b < 0) {
      y = 3.1415926535897932 - y;
    }
    if (a < 0) {
      y = -y;
    }
  }
  if (isNan(a) + isNan(b) > 0) {
    y = nan;
  }
  return y;
}`;
export const atan2 = [isNan, atan2Of];

/**
 * a − b·⌊a/b⌋ with one rounding, the last: the rest of |a|/|b| by long division in powers of two, of which each step
 * is exact. A subnormal b is 0.
 */
const modOf = /* js */ `
function modOf(a, b, infinity, nan) {
  const size = Math.abs(b);
  let rest = Math.abs(a);
  let y = nan;
  if (rest < infinity && size >= ${2 ** -126}) {
    if (rest >= size && size < infinity) {
      const steps = Math.max(exponentOf(rest) - exponentOf(size) - 1, 0);
      const part = Math.floor(steps * 0.5);
      let multiple = size * powerOfTwo(part) * powerOfTwo(steps - part);
      if (rest >= multiple + multiple) {
        rest = rest - (multiple + multiple);
      }
      for (let i = 0; i <= steps; i++) {
        if (rest >= multiple) {
          rest = rest - multiple;
        }
        multiple = multiple * 0.5;
      }
    }
    y = a < 0 ? -rest : rest;
    if (rest > 0 && a * (b < 0 ? -1 : 1) < 0) {
      y = y + b;
    }
  }
  if (isNan(a) + isNan(b) > 0) {
    y = nan;
  }
  return y;
}`;
export const mod = [isNan, powerOfTwo, exponentOf, modOf];

/** ln(1 + x) to 3 ulp: from the tail of the logarithm where 1 + x would lose digits of x. */
const log1pOf = /* js */ `
function log1pOf(x, infinity, nan) {
  let y = logOf(1 + x, infinity, nan);
  if (x > -0.29 && x < 0.41) {
    y = x + (logTail(x) * x * x * x - 0.5 * x * x);
  }
  return y;
}`;
export const log1p = [...log, log1pOf];

/** eˣ − 1 to 5 ulp: near 0 the polynomial of `expOfSum` without its 1. */
const expm1Of = /* js */ `
function expm1Of(x) {
  let y = expOf(x) - 1;
  if (Math.abs(x) < 0.34) {
    let p = 0.00019875691500 * x + 0.0013981999507;
    p = p * x + 0.0083334519073;
    p = p * x + 0.041665795894;
    p = p * x + 0.16666665459;
    p = p * x + 0.50000001201;
    y = x + p * x * x;
  }
  return y;
}`;
export const expm1 = [...exp, expm1Of];

/** The nearest whole number, of two the even one. Exact: there are no halves from 2²³ on. */
const roundOf = /* js */ `
function roundOf(x) {
  let y = x;
  if (Math.abs(x) < 8388608) {
    const low = Math.floor(x);
    y = 2 * Math.floor((low + 1) * 0.5);
    if (x - low < 0.5) {
      y = low;
    }
    if (x - low > 0.5) {
      y = low + 1;
    }
  }
  return y;
}`;
export const round = [roundOf];
