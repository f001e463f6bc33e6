// Elementwise families. One class per operation says what it does to four lanes; one loop per family does the rest.
// A method of a class that nothing overrides is inlined, so the class costs nothing at run time.

import {
  at, bell, below, clamp, erf as errorFunction, exp as exponential, expOfMinusAbs, log as logarithm, normalCdf, ONE,
  sigmoid as logistic, signOf, storeLanes, tanh as hyperbolic,
} from './math';

// --- one operand ---------------------------------------------------------------------------------------------------

abstract class Map1 {
  abstract of(x: v128): v128;
}

/** out[i] = op(x[i]); two vectors at a time give the processor something to do while it waits for the other one. */
// @ts-ignore: decorator
@inline
function map<Op extends Map1>(x: usize, out: usize, n: i32): void {
  while (n >= 8) {
    const low = changetype<Op>(0).of(v128.load(x));
    const high = changetype<Op>(0).of(v128.load(x, 16));
    v128.store(out, low);
    v128.store(out, high, 16);
    x += 32;
    out += 32;
    n -= 8;
  }
  while (n > 0) {
    storeLanes(out, changetype<Op>(0).of(v128.load(x)), n);
    x += 16;
    out += 16;
    n -= 4;
  }
}

class Neg extends Map1 {
  @inline of(x: v128): v128 { return f32x4.neg(x); }
}
class Exp extends Map1 {
  @inline of(x: v128): v128 { return exponential(x); }
}
class Log extends Map1 {
  @inline of(x: v128): v128 { return logarithm(x); }
}
class Sqrt extends Map1 {
  @inline of(x: v128): v128 { return f32x4.sqrt(x); }
}
class Rsqrt extends Map1 {
  @inline of(x: v128): v128 { return f32x4.div(f32x4.splat(1), f32x4.sqrt(x)); }
}
class Abs extends Map1 {
  @inline of(x: v128): v128 { return f32x4.abs(x); }
}
class Sign extends Map1 {
  @inline of(x: v128): v128 { return signOf(x); }
}
class Square extends Map1 {
  @inline of(x: v128): v128 { return f32x4.mul(x, x); }
}
class Tanh extends Map1 {
  @inline of(x: v128): v128 { return hyperbolic(x); }
}
class Sigmoid extends Map1 {
  @inline of(x: v128): v128 { return logistic(x); }
}
/** The maximum of WebAssembly keeps NaN. */
class Relu extends Map1 {
  @inline of(x: v128): v128 { return f32x4.max(x, f32x4.splat(0)); }
}
/** x·sigmoid(x), to 3.2 ulp, or 1.2e-43 where e⁻|ˣ| is denormal. */
class Silu extends Map1 {
  @inline of(x: v128): v128 { return timesSigmoid(x, x); }
}
/**
 * ½·x·(1 + tanh u) = x·sigmoid(2u), which loses nothing where tanh is close to −1: to 3 ulp from −1 on, 8 from −2 on;
 * further out the rounding of u costs as many as u is large, 256 where the result vanishes.
 */
class Gelu extends Map1 {
  @inline of(x: v128): v128 { return timesSigmoid(x, geluInner(x)); }
}

class Erf extends Map1 {
  @inline of(x: v128): v128 { return errorFunction(x); }
}
/** Error: 2 ulp from −½ on, 10 below. */
class GeluErf extends Map1 {
  @inline of(x: v128): v128 { return f32x4.mul(x, normalCdf(x, bell(x))); }
}

/** x·sigmoid(z); the fraction is that of `sigmoid`, with x in its numerator. */
// @ts-ignore: decorator
@inline
function timesSigmoid(x: v128, z: v128): v128 {
  const e = expOfMinusAbs(z);
  return f32x4.div(v128.bitselect(f32x4.mul(x, e), x, below(z)), f32x4.add(at(ONE), e));
}

/** 2·√(2/π), that times 0.044715 and times 3·0.044715, then the bounds of x in `GeluGrad`. */
const GELU = memory.data<f32>([1.5957691216, 0.0713548162726, 0.2140644488178, 30, -30]);

/** 2u, u = √(2/π)·(x + 0.044715·x³). */
// @ts-ignore: decorator
@inline
function geluInner(x: v128): v128 {
  return f32x4.mul(x, f32x4.add(at(GELU, 0), f32x4.mul(f32x4.mul(x, x), at(GELU, 1))));
}

export function neg(x: usize, out: usize, n: i32): void { map<Neg>(x, out, n); }
export function exp(x: usize, out: usize, n: i32): void { map<Exp>(x, out, n); }
export function log(x: usize, out: usize, n: i32): void { map<Log>(x, out, n); }
export function sqrt(x: usize, out: usize, n: i32): void { map<Sqrt>(x, out, n); }
export function rsqrt(x: usize, out: usize, n: i32): void { map<Rsqrt>(x, out, n); }
export function abs(x: usize, out: usize, n: i32): void { map<Abs>(x, out, n); }
export function sign(x: usize, out: usize, n: i32): void { map<Sign>(x, out, n); }
export function square(x: usize, out: usize, n: i32): void { map<Square>(x, out, n); }
export function tanh(x: usize, out: usize, n: i32): void { map<Tanh>(x, out, n); }
export function sigmoid(x: usize, out: usize, n: i32): void { map<Sigmoid>(x, out, n); }
export function relu(x: usize, out: usize, n: i32): void { map<Relu>(x, out, n); }
export function silu(x: usize, out: usize, n: i32): void { map<Silu>(x, out, n); }
export function gelu(x: usize, out: usize, n: i32): void { map<Gelu>(x, out, n); }
export function erf(x: usize, out: usize, n: i32): void { map<Erf>(x, out, n); }
export function geluErf(x: usize, out: usize, n: i32): void { map<GeluErf>(x, out, n); }

class ToInt extends Map1 {
  @inline of(x: v128): v128 { return i32x4.trunc_sat_f32x4_s(x); }
}
class ToFloat extends Map1 {
  @inline of(x: v128): v128 { return f32x4.convert_i32x4_s(x); }
}
/** float32 → int32 towards zero; NaN becomes 0. */
export function toInt(x: usize, out: usize, n: i32): void { map<ToInt>(x, out, n); }
export function toFloat(x: usize, out: usize, n: i32): void { map<ToFloat>(x, out, n); }

// --- two operands --------------------------------------------------------------------------------------------------

abstract class Map2 {
  abstract of(a: v128, b: v128): v128;
}

/**
 * Row r of out [rows, n] = op(row r of a, row r of b). The rows of an operand start `aRow`, `bRow` bytes apart (0: the
 * same row again), and within a row its elements are 4 bytes apart or (`aOne`, `bOne`) all the same one. Equal shapes,
 * scalars, [m, n]∘[n] and [m, n]∘[m, 1] are all of this form.
 */
// @ts-ignore: decorator
@inline
function zip<Op extends Map2>(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const whole = n & ~3;
    let i = 0;
    if (aOne) {
      const left = v128.load32_splat(a);
      for (; i < whole; i += 4) {
        const at = <usize>i << 2;
        v128.store(out + at, changetype<Op>(0).of(left, v128.load(b + at)));
      }
    } else if (bOne) {
      const right = v128.load32_splat(b);
      for (; i < whole; i += 4) {
        const at = <usize>i << 2;
        v128.store(out + at, changetype<Op>(0).of(v128.load(a + at), right));
      }
    } else {
      for (; i + 8 <= n; i += 8) {
        const at = <usize>i << 2;
        const low = changetype<Op>(0).of(v128.load(a + at), v128.load(b + at));
        const high = changetype<Op>(0).of(v128.load(a + at, 16), v128.load(b + at, 16));
        v128.store(out + at, low);
        v128.store(out + at, high, 16);
      }
    }
    for (; i < n; i += 4) {
      const at = <usize>i << 2;
      const left = aOne ? v128.load32_splat(a) : v128.load(a + at);
      const right = bOne ? v128.load32_splat(b) : v128.load(b + at);
      storeLanes(out + at, changetype<Op>(0).of(left, right), n - i);
    }
    a += aRow;
    b += bRow;
    out += <usize>n << 2;
  }
}

class Add extends Map2 {
  @inline of(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}
class Sub extends Map2 {
  @inline of(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
}
class Mul extends Map2 {
  @inline of(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
}
class Div extends Map2 {
  @inline of(a: v128, b: v128): v128 { return f32x4.div(a, b); }
}
/** One lane at a time (float64 inside), for accuracy and for the special cases. */
class Pow extends Map2 {
  @inline of(a: v128, b: v128): v128 { return powLanes(a, b); }
}
class Maximum extends Map2 {
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
}
class Minimum extends Map2 {
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
}
/** g where x > 0, else 0. */
class ReluGrad extends Map2 {
  @inline of(g: v128, x: v128): v128 { return v128.and(g, f32x4.gt(x, f32x4.splat(0))); }
}
/** The bounds of x in `SiluGrad`. */
const SILU = memory.data<f32>([110, -110]);

/**
 * g·s·(1 + x·(1 − s)), s = sigmoid x: to 6 ulp, or 4e-8 around the zero at −1.28. Beyond |x| = 110 s or 1 − s is 0,
 * and the clamp keeps ∞·0 away.
 */
class SiluGrad extends Map2 {
  @inline of(g: v128, x: v128): v128 {
    x = clamp(x, at(SILU, 1), at(SILU, 0));
    return gateGrad(g, x, x);
  }
}
/**
 * g·s·(1 + x·(1 − s)·2u′), s = ½(1 + tanh u) = sigmoid(2u). Beyond |x| = 30 the second term is 0 or s is, and the
 * clamp keeps x² from overflowing. As accurate as `Gelu`, and to 5e-8 around the zero at −0.75.
 */
class GeluGrad extends Map2 {
  @inline of(g: v128, x: v128): v128 {
    x = clamp(x, at(GELU, 4), at(GELU, 3));
    const slope = f32x4.add(at(GELU, 0), f32x4.mul(f32x4.mul(x, x), at(GELU, 2)));
    return gateGrad(g, geluInner(x), f32x4.mul(x, slope));
  }
}
/** g·s·(1 + h·(1 − s)), s = sigmoid z; 1 − s is sigmoid(−z), so that nothing cancels in it. */
// @ts-ignore: decorator
@inline
function gateGrad(g: v128, z: v128, h: v128): v128 {
  const one = at(ONE);
  const e = expOfMinusAbs(z);
  const large = f32x4.div(one, f32x4.add(one, e));
  const small = f32x4.mul(e, large);
  const negative = below(z);
  const s = v128.bitselect(small, large, negative);
  const rest = v128.bitselect(large, small, negative);
  return f32x4.mul(f32x4.mul(g, s), f32x4.add(one, f32x4.mul(h, rest)));
}

/** 1/√(2π), and the |x| beyond which `bell` is 0. */
const PHI = memory.data<f32>([0.39894228040143268, 30, -30]);

/**
 * g·(Φ(x) + x·φ(x)), φ(x) = exp(−x²/2)/√(2π), which is 0 beyond |x| = 30: the clamp keeps ∞·0 away. To 4 ulp from
 * −½ on, 2e-7 around the zero at −0.75, and 14 ulp below.
 */
class GeluErfGrad extends Map2 {
  @inline of(g: v128, x: v128): v128 {
    x = clamp(x, at(PHI, 2), at(PHI, 1));
    const e = bell(x);
    return f32x4.mul(g, f32x4.add(normalCdf(x, e), f32x4.mul(f32x4.mul(x, e), at(PHI, 0))));
  }
}

function powLanes(a: v128, b: v128): v128 {
  let y = f32x4.splat(power(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  y = f32x4.replace_lane(y, 1, power(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  y = f32x4.replace_lane(y, 2, power(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  return f32x4.replace_lane(y, 3, power(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
}
/** (±1)^±∞ and 1^NaN are NaN, as in JavaScript. */
function power(a: f32, b: f32): f32 {
  return NativeMathf.pow(a, b);
}

export function add(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Add>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function sub(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Sub>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function mul(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Mul>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function div(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Div>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function pow(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Pow>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function maximum(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Maximum>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function minimum(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Minimum>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function reluGrad(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<ReluGrad>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function siluGrad(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<SiluGrad>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function geluGrad(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<GeluGrad>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}

export function geluErfGrad(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<GeluErfGrad>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}

// --- comparisons: int32 zeros and ones -----------------------------------------------------------------------------

/** A true lane is all ones, that is −1. */
// @ts-ignore: decorator
@inline
function toBit(mask: v128): v128 {
  return i32x4.neg(mask);
}
class Equal extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(f32x4.eq(a, b)); }
}
class EqualInt extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(i32x4.eq(a, b)); }
}
class Less extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(f32x4.lt(a, b)); }
}
class LessInt extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(i32x4.lt_s(a, b)); }
}
class LessEqual extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(f32x4.le(a, b)); }
}
class LessEqualInt extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(i32x4.le_s(a, b)); }
}
class Greater extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(f32x4.gt(a, b)); }
}
class GreaterInt extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(i32x4.gt_s(a, b)); }
}
class GreaterEqual extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(f32x4.ge(a, b)); }
}
class GreaterEqualInt extends Map2 {
  @inline of(a: v128, b: v128): v128 { return toBit(i32x4.ge_s(a, b)); }
}

export function equal(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Equal>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function equalInt(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<EqualInt>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function less(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Less>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function lessInt(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<LessInt>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function lessEqual(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<LessEqual>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function lessEqualInt(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<LessEqualInt>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function greater(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<Greater>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function greaterInt(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<GreaterInt>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function greaterEqual(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<GreaterEqual>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}
export function greaterEqualInt(
  a: usize, aRow: usize, aOne: bool, b: usize, bRow: usize, bOne: bool, out: usize, rows: i32, n: i32,
): void {
  zip<GreaterEqualInt>(a, aRow, aOne, b, bRow, bOne, out, rows, n);
}

/**
 * Row r of out [rows, n] = condition ? a : b, with the addressing of `zip` for each of the three operands; here
 * `one` holds three bits: 1 when the condition, 2 when a, 4 when b is one element a row.
 */
export function where(
  condition: usize, conditionRow: usize, a: usize, aRow: usize, b: usize, bRow: usize, one: i32,
  out: usize, rows: i32, n: i32,
): void {
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      const c = one & 1 ? v128.load32_splat(condition) : v128.load(condition + at);
      const p = one & 2 ? v128.load32_splat(a) : v128.load(a + at);
      const q = one & 4 ? v128.load32_splat(b) : v128.load(b + at);
      storeLanes(out + at, v128.bitselect(q, p, i32x4.eq(c, i32x4.splat(0))), n - i);
    }
    condition += conditionRow;
    a += aRow;
    b += bRow;
    out += <usize>n << 2;
  }
}
