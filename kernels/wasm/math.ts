// float32 functions on four lanes. Only exactly rounded operations (no relaxed ones, no fused multiply-add), so each
// gives the same bits on every machine. Polynomials are those of Cephes (S. Moshier, netlib.org/cephes) unless said.

/** One step of Horner's rule. */
// @ts-ignore: decorator
@inline
export function step(p: v128, x: v128, coefficient: f32): v128 {
  return f32x4.add(f32x4.mul(p, x), f32x4.splat(coefficient));
}

/** x within [low, high]; NaN stays NaN, since a pseudo-minimum keeps its first operand unless the second is smaller. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, f32x4.splat(high)), f32x4.splat(low));
}

/**
 * eˣ, 1e-7 relative: x = n·ln 2 + r with |r| ≤ ½ ln 2, a polynomial in r, then 2ⁿ as two factors so that results near
 * both ends of the range (denormals, infinity) come out right.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  x = clamp(x, -110, 100);
  // Adding 1.5·2²³ rounds to a whole number, which then sits in the low bits: faster than nearest and trunc_sat.
  const magic = f32x4.splat(12582912);
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504088896341)), magic);
  const n = i32x4.sub(shifted, magic);
  const whole = f32x4.sub(shifted, magic);
  let r = f32x4.sub(x, f32x4.mul(whole, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(whole, f32x4.splat(-2.12194440e-4)));
  let p = step(f32x4.splat(1.9875691500e-4), r, 1.3981999507e-3);
  p = step(p, r, 8.3334519073e-3);
  p = step(p, r, 4.1665795894e-2);
  p = step(p, r, 1.6666665459e-1);
  p = step(p, r, 5.0000001201e-1);
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const half = i32x4.shr_s(n, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(n, half)));
}

/** 2ⁿ for whole n in the exponent range of normal numbers. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/**
 * A constant in four lanes, read from a table: V8 makes a literal out of several instructions wherever it is used, which
 * counts where a function has many of them and runs for a few vectors a call.
 */
// @ts-ignore: decorator
@inline
export function entry(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

/** One step of Horner's rule with a coefficient in four lanes. */
// @ts-ignore: decorator
@inline
export function horner(p: v128, x: v128, coefficient: v128): v128 {
  return f32x4.add(f32x4.mul(p, x), coefficient);
}

/** Polynomial, the two parts of ln 2, ½ and 1, of `logNormal`. */
export const LOGARITHM: usize = memory.data<f32>([
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
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const z = f32x4.sub(i32x4.sub(x, i32x4.shl(exponent, 23)), entry(LOGARITHM, 12));
  let p = horner(entry(LOGARITHM, 0), z, entry(LOGARITHM, 1));
  p = horner(p, z, entry(LOGARITHM, 2));
  p = horner(p, z, entry(LOGARITHM, 3));
  p = horner(p, z, entry(LOGARITHM, 4));
  p = horner(p, z, entry(LOGARITHM, 5));
  p = horner(p, z, entry(LOGARITHM, 6));
  p = horner(p, z, entry(LOGARITHM, 7));
  p = horner(p, z, entry(LOGARITHM, 8));
  const e = f32x4.convert_i32x4_s(exponent);
  const square = f32x4.mul(z, z);
  let y = f32x4.mul(f32x4.mul(p, z), square);
  y = f32x4.add(y, f32x4.mul(e, entry(LOGARITHM, 9)));
  y = f32x4.sub(y, f32x4.mul(entry(LOGARITHM, 11), square));
  return f32x4.add(f32x4.add(z, y), f32x4.mul(e, entry(LOGARITHM, 10)));
}

/** ln x for every x: denormals are scaled up first; ln 0 = −∞, ln ∞ = ∞, NaN below 0. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const infinity = f32x4.splat(<f32>Infinity);
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, small);
  let y = f32x4.sub(logNormal(scaled), v128.and(small, f32x4.splat(15.9423847)));
  y = v128.bitselect(x, y, f32x4.eq(x, infinity));
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(y, f32x4.splat(<f32>NaN), f32x4.ge(x, f32x4.splat(0)));
}

/** tanh x, 3e-7 relative: the odd rational function of degree 13 over 6 of Eigen (eigen.tuxfamily.org), clamped. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  x = clamp(x, -7.90531110763549805, 7.90531110763549805);
  const square = f32x4.mul(x, x);
  let p = step(f32x4.splat(-2.76076847742355e-16), square, 2.00018790482477e-13);
  p = step(p, square, -8.60467152213735e-11);
  p = step(p, square, 5.12229709037114e-8);
  p = step(p, square, 1.48572235717979e-5);
  p = step(p, square, 6.37261928875436e-4);
  p = step(p, square, 4.89352455891786e-3);
  let q = step(f32x4.splat(1.19825839466702e-6), square, 1.18534705686654e-4);
  q = step(q, square, 2.26843463243900e-3);
  q = step(q, square, 4.89352518554385e-3);
  return f32x4.div(f32x4.mul(x, p), q);
}

/** 1 / (1 + e⁻ˣ) */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/**
 * 1 − erf(a) for a ≥ 0, to 5 units in the last place where a ≤ 2 and 40 in the far tail (the rounding of a²):
 * exp(−a²)·t·q(t), t = 1/(1 + 0.3·a). q is fitted for this file in the relative sense, to 2e-8 on 0 ≤ a ≤ 10.2.
 */
// @ts-ignore: decorator
@inline
export function erfcPositive(a: v128): v128 {
  const one = f32x4.splat(1);
  a = f32x4.min(a, f32x4.splat(10.2));
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(a, f32x4.splat(0.3))));
  let q = step(f32x4.splat(-1.295406219e-1), t, 4.856562976e-1);
  q = step(q, t, -5.124877624e-1);
  q = step(q, t, 5.479840780e-1);
  q = step(q, t, -9.485375343e-2);
  q = step(q, t, 2.150235041e-1);
  q = step(q, t, 1.483107046e-1);
  q = step(q, t, 1.707198471e-1);
  q = step(q, t, 1.691876867e-1);
  return f32x4.mul(exp(f32x4.neg(f32x4.mul(a, a))), f32x4.mul(q, t));
}

/** erf x, to 2 units in the last place: a polynomial in x² where |x| < 1, else 1 − erfc|x| with the sign of x. */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const signs = f32x4.splat(-0.0);
  const away = v128.andnot(x, signs);
  const square = f32x4.mul(x, x);
  let p = step(f32x4.splat(7.853861353153693e-5), square, -8.010193625184903e-4);
  p = step(p, square, 5.188327685732524e-3);
  p = step(p, square, -2.685381193529856e-2);
  p = step(p, square, 1.128358514861418e-1);
  p = step(p, square, -3.761262582423300e-1);
  p = step(p, square, 1.128379165726710);
  const far = v128.or(f32x4.sub(f32x4.splat(1), erfcPositive(away)), v128.and(x, signs));
  return v128.bitselect(f32x4.mul(p, x), far, f32x4.lt(away, f32x4.splat(1)));
}

/** The chance that a standard normal number is below x: half of erfc(|x|/√2), or what is left of 1. */
// @ts-ignore: decorator
@inline
export function normalCdf(x: v128): v128 {
  const half = f32x4.splat(0.5);
  const tail = f32x4.mul(half, erfcPositive(f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678118654752))));
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)));
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
