// float32 functions on four lanes. Only exactly rounded operations (no relaxed ones, no fused multiply-add), so each
// gives the same bits on every machine. Polynomials are those of Cephes (S. Moshier, netlib.org/cephes) unless said.
// Bounds are in units in the last place of the result (ulp); test/unit/backend/accuracy.test.ts sweeps for them.
//
// Constants stand in tables in memory: one that is written into the code costs several instructions wherever it is
// used, also inside of loops, and one in memory a single load (exp takes 1.8 times as long without on Node 24).

/** Constant i of a table, in all lanes. */
// @ts-ignore: decorator
@inline
export function at(table: usize, i: i32 = 0): v128 {
  return v128.load32_splat(table + (<usize>i << 2));
}

export const ONE = memory.data<f32>([1]);
export const HALF = memory.data<f32>([0.5]);
const MINUS_HALF = memory.data<f32>([-0.5]);
/** The bit of the sign. */
export const SIGN = memory.data<f32>([-0.0]);

/** One step of Horner's rule, with coefficient i of a table. */
// @ts-ignore: decorator
@inline
function horner(p: v128, x: v128, table: usize, i: i32): v128 {
  return stepWith(p, x, at(table, i));
}

/** One step of Horner's rule, with a coefficient in all lanes. */
// @ts-ignore: decorator
@inline
export function stepWith(p: v128, x: v128, coefficient: v128): v128 {
  return f32x4.add(f32x4.mul(p, x), coefficient);
}

/** x within [low, high]; NaN stays NaN, since a pseudo-minimum keeps its first operand unless the second is smaller. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, high), low);
}

/** (x > 0) − (x < 0), and x itself where it is 0 or NaN. */
// @ts-ignore: decorator
@inline
export function signOf(x: v128): v128 {
  const zero = f32x4.splat(0);
  const away = v128.or(f32x4.gt(x, zero), f32x4.lt(x, zero));
  return v128.bitselect(v128.or(v128.and(x, at(SIGN)), at(ONE)), x, away);
}

/** Bounds of x, log₂ e, 1.5·2²³ + 254, ln 2 in two parts, then the polynomial. */
const EXP = memory.data<f32>([
  -110, 100, 1.44269504088896341, 12583166, 0.693359375, -2.12194440e-4,
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1,
]);

/**
 * eˣ to 1 ulp: x = n·ln 2 + r with |r| ≤ ½ ln 2, a polynomial in r, then 2ⁿ as two factors so that results near both
 * ends of the range (denormals, infinity) come out right.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  x = clamp(x, at(EXP, 0), at(EXP, 1));
  // Adding 1.5·2²³ rounds to a whole number, which then sits in the low bits: faster than nearest and trunc_sat. The
  // 254 more are twice the bias of an exponent, so that half of those bits, shifted, is a power of two as it stands.
  const magic = at(EXP, 3);
  const shifted = f32x4.add(f32x4.mul(x, at(EXP, 2)), magic);
  const whole = f32x4.sub(shifted, magic);
  let r = f32x4.sub(x, f32x4.mul(whole, at(EXP, 4)));
  r = f32x4.sub(r, f32x4.mul(whole, at(EXP, 5)));
  let p = horner(at(EXP, 6), r, EXP, 7);
  p = horner(p, r, EXP, 8);
  p = horner(p, r, EXP, 9);
  p = horner(p, r, EXP, 10);
  p = horner(p, r, EXP, 11);
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), at(EXP, 12));
  const half = i32x4.shr_s(shifted, 1);
  return f32x4.mul(f32x4.mul(p, i32x4.shl(half, 23)), i32x4.shl(i32x4.sub(shifted, half), 23));
}

/** The bits of √½, and those of the smallest normal number and how many bit patterns there are from it to infinity. */
const LOG_BITS = memory.data<i32>([0x3f3504f3, 0x00800000, 0x7f000000]);

/** Polynomial, the two parts of ln 2, ½ and 1, of `logNormal`. */
export const LOGARITHM = memory.data<f32>([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -2.1219444e-4, 0.693359375, 0.5, 1,
]);

/**
 * ln x of positive, normal, finite x: x = m·2ᵉ with m in [√½, √2), then a polynomial in m − 1.
 * `radii` in `random.ts` and `logarithm` in `src/base/distribution.ts` take the same steps, bit for bit.
 */
// @ts-ignore: decorator
@inline
export function logNormal(x: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(x, at(LOG_BITS, 0)), 23);
  const z = f32x4.sub(i32x4.sub(x, i32x4.shl(exponent, 23)), at(LOGARITHM, 12));
  let p = horner(at(LOGARITHM), z, LOGARITHM, 1);
  p = horner(p, z, LOGARITHM, 2);
  p = horner(p, z, LOGARITHM, 3);
  p = horner(p, z, LOGARITHM, 4);
  p = horner(p, z, LOGARITHM, 5);
  p = horner(p, z, LOGARITHM, 6);
  p = horner(p, z, LOGARITHM, 7);
  p = horner(p, z, LOGARITHM, 8);
  const e = f32x4.convert_i32x4_s(exponent);
  const square = f32x4.mul(z, z);
  let y = f32x4.mul(f32x4.mul(p, z), square);
  y = f32x4.add(y, f32x4.mul(e, at(LOGARITHM, 9)));
  y = f32x4.sub(y, f32x4.mul(at(LOGARITHM, 11), square));
  return f32x4.add(f32x4.add(z, y), f32x4.mul(e, at(LOGARITHM, 10)));
}

/** ln x to 1 ulp, for every x. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const above = i32x4.sub(x, at(LOG_BITS, 1));
  return v128.any_true(i32x4.ge_u(above, at(LOG_BITS, 2))) ? logOfAny(x) : logNormal(x);
}

/** Denormals are scaled up first; ln 0 = −∞, ln ∞ = ∞, NaN below 0. */
function logOfAny(x: v128): v128 {
  const infinity = f32x4.splat(<f32>Infinity);
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, small);
  let y = f32x4.sub(logNormal(scaled), v128.and(small, f32x4.splat(15.9423847)));
  y = v128.bitselect(x, y, f32x4.eq(x, infinity));
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(y, f32x4.splat(<f32>NaN), f32x4.ge(x, f32x4.splat(0)));
}

/** Where the two forms meet, then the polynomial. */
const TANH = memory.data<f32>([
  0.625, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1,
]);

/** tanh x to 1.5 ulp: an odd polynomial where |x| < 0.625, else 1 − 2/(e²|ˣ| + 1) with the sign of x. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const signs = at(SIGN);
  const away = v128.andnot(x, signs);
  const square = f32x4.mul(x, x);
  let p = horner(at(TANH, 1), square, TANH, 2);
  p = horner(p, square, TANH, 3);
  p = horner(p, square, TANH, 4);
  p = horner(p, square, TANH, 5);
  const near = f32x4.add(x, f32x4.mul(x, f32x4.mul(p, square)));
  const rest = f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(away, away)), at(ONE)));
  const far = v128.or(f32x4.sub(at(ONE), rest), v128.and(x, signs));
  return v128.bitselect(near, far, f32x4.lt(away, at(TANH, 0)));
}

/**
 * 1 / (1 + e⁻ˣ) to 2.5 ulp. The exponential is that of −|x|, which cannot overflow, so that both tails are right; the
 * smaller of sigmoid(x) and sigmoid(−x) is e/(1 + e), the other 1/(1 + e).
 */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const e = expOfMinusAbs(x);
  return f32x4.div(v128.bitselect(e, at(ONE), below(x)), f32x4.add(at(ONE), e));
}

/** exp(−|x|) */
// @ts-ignore: decorator
@inline
export function expOfMinusAbs(x: v128): v128 {
  return exp(v128.or(x, at(SIGN)));
}

/** All ones where the sign bit is set. */
// @ts-ignore: decorator
@inline
export function below(x: v128): v128 {
  return i32x4.shr_s(x, 31);
}

/** 0.3, then the polynomial. */
const ERFC = memory.data<f32>([
  0.3, -1.295406219e-1, 4.856562976e-1, -5.124877624e-1, 5.479840780e-1, -9.485375343e-2, 2.150235041e-1,
  1.483107046e-1, 1.707198471e-1, 1.691876867e-1,
]);

/**
 * exp(a²)·(1 − erf(a)) for 0 ≤ a ≤ 10.2: t·q(t), t = 1/(1 + 0.3·a). q is fitted for this file in the relative
 * sense, to 2e-8.
 */
// @ts-ignore: decorator
@inline
function erfcScaled(a: v128): v128 {
  const t = f32x4.div(at(ONE), f32x4.add(at(ONE), f32x4.mul(a, at(ERFC, 0))));
  let q = horner(at(ERFC, 1), t, ERFC, 2);
  q = horner(q, t, ERFC, 3);
  q = horner(q, t, ERFC, 4);
  q = horner(q, t, ERFC, 5);
  q = horner(q, t, ERFC, 6);
  q = horner(q, t, ERFC, 7);
  q = horner(q, t, ERFC, 8);
  q = horner(q, t, ERFC, 9);
  return f32x4.mul(q, t);
}

/** Where erf is 1 in float32, then the polynomial. */
const ERF = memory.data<f32>([
  4, 7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2,
  1.128358514861418e-1, -3.761262582423300e-1, 1.128379165726710,
]);

/** erf x to 2.6 ulp: a polynomial in x² where |x| < 1, else 1 − erfc|x| with the sign of x. */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const signs = at(SIGN);
  const away = v128.andnot(x, signs);
  const square = f32x4.mul(x, x);
  let p = horner(at(ERF, 1), square, ERF, 2);
  p = horner(p, square, ERF, 3);
  p = horner(p, square, ERF, 4);
  p = horner(p, square, ERF, 5);
  p = horner(p, square, ERF, 6);
  p = horner(p, square, ERF, 7);
  const a = f32x4.pmin(away, at(ERF, 0));
  const rest = f32x4.mul(exp(f32x4.neg(f32x4.mul(a, a))), erfcScaled(a));
  const far = v128.or(f32x4.sub(at(ONE), rest), v128.and(x, signs));
  return v128.bitselect(f32x4.mul(p, x), far, f32x4.lt(away, at(ONE)));
}

/** Where exp(−x²/2) is nothing in float32, 2¹² + 1. */
const BELL = memory.data<f32>([14.5, 4097]);

/**
 * exp(−x²/2). The rounding of x² would cost as many units in the last place as x² is large: what it took away, found
 * as in Dekker's product, comes back as a factor.
 * @see T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
 */
// @ts-ignore: decorator
@inline
export function bell(x: v128): v128 {
  x = f32x4.pmin(f32x4.abs(x), at(BELL, 0));
  const c = f32x4.mul(x, at(BELL, 1));
  const high = f32x4.sub(c, f32x4.sub(c, x));
  const low = f32x4.sub(x, high);
  const square = f32x4.mul(x, x);
  const cross = f32x4.mul(high, low);
  let lost = f32x4.add(f32x4.sub(f32x4.mul(high, high), square), f32x4.add(cross, cross));
  lost = f32x4.add(lost, f32x4.mul(low, low));
  const minusHalf = at(MINUS_HALF);
  const e = exp(f32x4.mul(square, minusHalf));
  return f32x4.add(e, f32x4.mul(e, f32x4.mul(lost, minusHalf)));
}

/** √½, where the two forms meet, then the polynomial, fitted for this file to 3e-9 relative. */
const CDF = memory.data<f32>([
  0.70710678118654752, 0.7, 0.00010294056216456765, -0.0011812850532200957, 0.009972348966550786,
  -0.06649029496107277, 0.3989422794357482,
]);

/**
 * The chance that a standard normal number is below x, to 2 ulp from −½ on and to 10 below: ½ + x·p(x²) where |x| < 0.7, else half of erfc(|x|/√2)
 * or what that leaves of 1. `bellOfX` is `bell(x)`.
 */
// @ts-ignore: decorator
@inline
export function normalCdf(x: v128, bellOfX: v128): v128 {
  const half = at(HALF);
  const square = f32x4.mul(x, x);
  let p = horner(at(CDF, 2), square, CDF, 3);
  p = horner(p, square, CDF, 4);
  p = horner(p, square, CDF, 5);
  p = horner(p, square, CDF, 6);
  const near = f32x4.add(half, f32x4.mul(x, p));
  const away = f32x4.pmin(f32x4.abs(x), at(BELL, 0));
  const tail = f32x4.mul(f32x4.mul(bellOfX, half), erfcScaled(f32x4.mul(away, at(CDF, 0))));
  const far = v128.bitselect(tail, f32x4.sub(at(ONE), tail), below(x));
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), at(CDF, 1)));
}

/** Store the first `count` lanes, or all four when there are more. */
// @ts-ignore: decorator
@inline
export function storeLanes(out: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(out, x);
  else storeSome(out, x, count);
}

function storeSome(out: usize, x: v128, count: i32): void {
  if (count == 1) {
    v128.store32_lane(out, x, 0);
    return;
  }
  v128.store64_lane(out, x, 0);
  if (count == 3) v128.store32_lane(out, x, 2, 8);
}

// Turning over a 4×4 tile of rows r0…r3: with low01 = interleaveLow(r0, r1), low23 = interleaveLow(r2, r3) and the same
// for high, its columns are joinLow(low01, low23), joinHigh(low01, low23), joinLow(high01, high23), joinHigh(high01, high23).

/** a0 b0 a1 b1 */
// @ts-ignore: decorator
@inline
export function interleaveLow(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}
// @ts-ignore: decorator
@inline
export function interleaveHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}
// @ts-ignore: decorator
@inline
export function joinLow(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}
// @ts-ignore: decorator
@inline
export function joinHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}

// @ts-ignore: decorator
@inline
export function addLanes(x: v128): f32 {
  const pair = f32x4.add(x, joinHigh(x, x));
  return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1);
}

/** All ones in the first `count` lanes, zeros in the others. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}
