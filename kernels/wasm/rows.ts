// Operations on each row of [rows, n]. Means, variances and normalizers are float64 scalars; elements are float32.

import { exp, firstLanes, addLanes, storeLanes } from './math';
import { BLOCK_ROWS, dotOf, maxOf, squaredDistanceOf, sumExpOf, sumOf } from './reductions';

/** Four results from where x, y and z point; c and d are constants of the row. */
abstract class Map {
  abstract of(x: usize, y: usize, z: usize, c: v128, d: v128): v128;
}

/** out[i] = op at i, two vectors at a time, as in the elementwise kernels. */
// @ts-ignore: decorator
@inline
function map<Op extends Map>(x: usize, y: usize, z: usize, c: v128, d: v128, out: usize, n: i32): void {
  while (n >= 8) {
    const low = changetype<Op>(0).of(x, y, z, c, d);
    const high = changetype<Op>(0).of(x + 16, y + 16, z + 16, c, d);
    v128.store(out, low);
    v128.store(out, high, 16);
    x += 32;
    y += 32;
    z += 32;
    out += 32;
    n -= 8;
  }
  while (n > 0) {
    storeLanes(out, changetype<Op>(0).of(x, y, z, c, d), n);
    x += 16;
    y += 16;
    z += 16;
    out += 16;
    n -= 4;
  }
}

class Times extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 { return f32x4.mul(v128.load(x), c); }
}
function scale(x: usize, by: f32, out: usize, n: i32): void {
  const c = f32x4.splat(by);
  map<Times>(x, x, x, c, c, out, n);
}

// --- softmax -------------------------------------------------------------------------------------------------------

class ShiftedExp extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 { return exp(f32x4.sub(v128.load(x), c)); }
}
/** out = exp(x − max x) / Σ */
export function softmax(x: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const peak = f32x4.splat(maxOf(x, n));
    map<ShiftedExp>(x, x, x, peak, peak, out, n);
    scale(out, <f32>(1 / sumOf(out, n)), out, n);
    x += bytes;
    out += bytes;
  }
}

class Centred extends Map {
  @inline of(g: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.mul(v128.load(y), f32x4.sub(v128.load(g), c));
  }
}
/** out = y ⊙ (g − Σ g⊙y) */
export function softmaxGrad(g: usize, y: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const dot = f32x4.splat(<f32>dotOf(g, y, n));
    map<Centred>(g, y, y, dot, dot, out, n);
    g += bytes;
    y += bytes;
    out += bytes;
  }
}

class Shifted extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.sub(f32x4.sub(v128.load(x), c), d);
  }
}
/** out = (x − max x) − ln Σ exp(x − max x) */
export function logSoftmax(x: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const peak = maxOf(x, n);
    const logSum = NativeMathf.log(<f32>sumExpOf(x, peak, n));
    map<Shifted>(x, x, x, f32x4.splat(peak), f32x4.splat(logSum), out, n);
    x += bytes;
    out += bytes;
  }
}

class WithoutShare extends Map {
  @inline of(g: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.sub(v128.load(g), f32x4.mul(exp(v128.load(y)), c));
  }
}
/** out = g − exp(y)·Σ g */
export function logSoftmaxGrad(g: usize, y: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const total = f32x4.splat(<f32>sumOf(g, n));
    map<WithoutShare>(g, y, y, total, total, out, n);
    g += bytes;
    y += bytes;
    out += bytes;
  }
}

// --- normalisation -------------------------------------------------------------------------------------------------

/** Mean of x. */
// @ts-ignore: decorator
@inline
function meanOf(x: usize, n: i32): f32 {
  const sum = sumOf(x, n);
  return <f32>((isFinite(sum) ? sum : wideSum(x, n)) / n);
}
/** 1/√(mean((x − c)²) + epsilon) */
// @ts-ignore: decorator
@inline
function inverseSpread(x: usize, c: f32, n: i32, epsilon: f64): f32 {
  const squares = squaredDistanceOf(x, c, n);
  return <f32>(1 / Math.sqrt((isFinite(squares) ? squares : wideSquares(x, c, n)) / n + epsilon));
}

// Sums that overflow in float32, from some 1e19 on where they are of squares, are added again in float64.

/** Σ x */
function wideSum(x: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += load<f32>(x + (<usize>i << 2));
  return sum;
}
/** Σ (x − c)² */
function wideSquares(x: usize, c: f32, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const d = <f64>load<f32>(x + (<usize>i << 2)) - c;
    sum += d * d;
  }
  return sum;
}

/** (x − c)·d, then times the weight y and plus the bias z, as far as there are any. */
class Normal extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 { return normal(x, c, d); }
}
class NormalWeight extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.mul(normal(x, c, d), v128.load(y));
  }
}
class NormalBias extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.add(normal(x, c, d), v128.load(z));
  }
}
class NormalWeightBias extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.add(f32x4.mul(normal(x, c, d), v128.load(y)), v128.load(z));
  }
}
// @ts-ignore: decorator
@inline
function normal(x: usize, mean: v128, inverse: v128): v128 {
  return f32x4.mul(f32x4.sub(v128.load(x), mean), inverse);
}

/** out = (x − mean)·inverse·weight + bias, inverse = 1/√(variance + epsilon); weight and bias [n] may be 0 (absent). */
export function layerNorm(
  x: usize, weight: usize, bias: usize, out: usize, rows: i32, n: i32, epsilon: f64,
): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const mean = meanOf(x, n);
    const c = f32x4.splat(mean);
    const d = f32x4.splat(inverseSpread(x, mean, n, epsilon));
    if (weight && bias) map<NormalWeightBias>(x, weight, bias, c, d, out, n);
    else if (weight) map<NormalWeight>(x, weight, x, c, d, out, n);
    else if (bias) map<NormalBias>(x, x, bias, c, d, out, n);
    else map<Normal>(x, x, x, c, d, out, n);
    x += bytes;
    out += bytes;
  }
}

/** g ⊙ weight, where there is a weight. */
abstract class Weighting {
  abstract of(g: v128, weight: usize): v128;
}
class ByWeight extends Weighting {
  @inline of(g: v128, weight: usize): v128 { return f32x4.mul(g, v128.load(weight)); }
}
class ByOne extends Weighting {
  @inline of(g: v128, weight: usize): v128 { return g; }
}

/**
 * With x̂ = (x − mean)·inverse and h = g ⊙ weight, per row: dx = inverse·(h − mean(h) − x̂·mean(h ⊙ x̂));
 * over each block of rows: dweight = Σ g ⊙ x̂, dbias = Σ g, one row of [blocks, n] each.
 */
export function layerNormGrad(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, dbias: usize, rows: i32, n: i32, epsilon: f64,
): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const block = <usize>(r / BLOCK_ROWS) * bytes;
    if (r % BLOCK_ROWS == 0) {
      memory.fill(dweight + block, 0, bytes);
      memory.fill(dbias + block, 0, bytes);
    }
    const mean = meanOf(x, n);
    const inverse = inverseSpread(x, mean, n, epsilon);
    if (weight) layerNormGradRow<ByWeight>(g, x, weight, dx, dweight + block, dbias + block, n, mean, inverse);
    else layerNormGradRow<ByOne>(g, x, weight, dx, dweight + block, dbias + block, n, mean, inverse);
    g += bytes;
    x += bytes;
    dx += bytes;
  }
}

function layerNormGradRow<W extends Weighting>(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, dbias: usize, n: i32, mean: f32, inverse: f32,
): void {
  const c = f32x4.splat(mean);
  const d = f32x4.splat(inverse);
  const whole = n & ~3;
  let sum = f32x4.splat(0);
  let dot = sum;
  let i = 0;
  for (; i < whole; i += 4) {
    const at = <usize>i << 2;
    const h = changetype<W>(0).of(v128.load(g + at), weight + at);
    sum = f32x4.add(sum, h);
    dot = f32x4.add(dot, f32x4.mul(h, normal(x + at, c, d)));
  }
  if (i < n) {
    const at = <usize>i << 2;
    const mask = firstLanes(n - i);
    const h = v128.and(changetype<W>(0).of(v128.load(g + at), weight + at), mask);
    sum = f32x4.add(sum, h);
    dot = f32x4.add(dot, v128.and(f32x4.mul(h, normal(x + at, c, d)), mask));
  }
  const meanOfH = f32x4.splat(addLanes(sum) / <f32>n);
  const meanOfDot = f32x4.splat(addLanes(dot) / <f32>n);
  for (i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    layerNormGradAt<W>(g + at, x + at, weight + at, dx + at, dweight + at, dbias + at, c, d, meanOfH, meanOfDot, 4);
  }
  if (i < n) {
    const at = <usize>i << 2;
    layerNormGradAt<W>(g + at, x + at, weight + at, dx + at, dweight + at, dbias + at, c, d, meanOfH, meanOfDot, n - i);
  }
}

// @ts-ignore: decorator
@inline
function layerNormGradAt<W extends Weighting>(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, dbias: usize,
  mean: v128, inverse: v128, meanOfH: v128, meanOfDot: v128, count: i32,
): void {
  const gradient = v128.load(g);
  const y = normal(x, mean, inverse);
  const h = changetype<W>(0).of(gradient, weight);
  storeLanes(dweight, f32x4.add(v128.load(dweight), f32x4.mul(gradient, y)), count);
  storeLanes(dbias, f32x4.add(v128.load(dbias), gradient), count);
  storeLanes(dx, f32x4.mul(inverse, f32x4.sub(f32x4.sub(h, meanOfH), f32x4.mul(y, meanOfDot))), count);
}

class TimesWeight extends Map {
  @inline of(x: usize, y: usize, z: usize, c: v128, d: v128): v128 {
    return f32x4.mul(f32x4.mul(v128.load(x), c), v128.load(y));
  }
}
/** out = x·inverse·weight, inverse = 1/√(mean(x²) + epsilon); weight [n] may be 0 (absent). */
export function rmsNorm(x: usize, weight: usize, out: usize, rows: i32, n: i32, epsilon: f64): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const inverse = inverseRms(x, n, epsilon);
    const c = f32x4.splat(inverse);
    if (weight) map<TimesWeight>(x, weight, x, c, c, out, n);
    else scale(x, inverse, out, n);
    x += bytes;
    out += bytes;
  }
}

// @ts-ignore: decorator
@inline
function inverseRms(x: usize, n: i32, epsilon: f64): f32 {
  const squares = dotOf(x, x, n);
  return <f32>(1 / Math.sqrt((isFinite(squares) ? squares : wideSquares(x, 0, n)) / n + epsilon));
}

/**
 * With x̂ = x·inverse and h = g ⊙ weight, per row: dx = inverse·(h − x̂·mean(h ⊙ x̂)); over each block of rows:
 * dweight = Σ g ⊙ x̂, one row of [blocks, n].
 */
export function rmsNormGrad(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, rows: i32, n: i32, epsilon: f64,
): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const block = <usize>(r / BLOCK_ROWS) * bytes;
    if (r % BLOCK_ROWS == 0) memory.fill(dweight + block, 0, bytes);
    const inverse = inverseRms(x, n, epsilon);
    if (weight) rmsNormGradRow<ByWeight>(g, x, weight, dx, dweight + block, n, inverse);
    else rmsNormGradRow<ByOne>(g, x, weight, dx, dweight + block, n, inverse);
    g += bytes;
    x += bytes;
    dx += bytes;
  }
}

function rmsNormGradRow<W extends Weighting>(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, n: i32, inverse: f32,
): void {
  const c = f32x4.splat(inverse);
  const whole = n & ~3;
  let dot = f32x4.splat(0);
  let i = 0;
  for (; i < whole; i += 4) {
    const at = <usize>i << 2;
    const h = changetype<W>(0).of(v128.load(g + at), weight + at);
    dot = f32x4.add(dot, f32x4.mul(h, f32x4.mul(v128.load(x + at), c)));
  }
  if (i < n) {
    const at = <usize>i << 2;
    const h = changetype<W>(0).of(v128.load(g + at), weight + at);
    dot = f32x4.add(dot, v128.and(f32x4.mul(h, f32x4.mul(v128.load(x + at), c)), firstLanes(n - i)));
  }
  const meanOfDot = f32x4.splat(addLanes(dot) / <f32>n);
  for (i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    rmsNormGradAt<W>(g + at, x + at, weight + at, dx + at, dweight + at, c, meanOfDot, 4);
  }
  if (i < n) {
    const at = <usize>i << 2;
    rmsNormGradAt<W>(g + at, x + at, weight + at, dx + at, dweight + at, c, meanOfDot, n - i);
  }
}

// @ts-ignore: decorator
@inline
function rmsNormGradAt<W extends Weighting>(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, inverse: v128, meanOfDot: v128, count: i32,
): void {
  const gradient = v128.load(g);
  const y = f32x4.mul(v128.load(x), inverse);
  const h = changetype<W>(0).of(gradient, weight);
  storeLanes(dweight, f32x4.add(v128.load(dweight), f32x4.mul(gradient, y)), count);
  storeLanes(dx, f32x4.mul(inverse, f32x4.sub(h, f32x4.mul(y, meanOfDot))), count);
}

// --- cross entropy -------------------------------------------------------------------------------------------------

/** logits [rows, n], targets int32 [rows] → out [rows] = ln Σ exp(logits) − the logit of the target. */
export function crossEntropy(logits: usize, targets: usize, out: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    const peak = maxOf(logits, n);
    const target = load<f32>(logits + (<usize>load<u32>(targets) << 2));
    store<f32>(out, <f32>(<f64>peak - target + NativeMathf.log(<f32>sumExpOf(logits, peak, n))));
    logits += <usize>n << 2;
    targets += 4;
    out += 4;
  }
}

/** out [rows, n] = (softmax(logits) − one-hot(targets))·g, g [rows]. */
export function crossEntropyGrad(g: usize, logits: usize, targets: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  softmax(logits, out, rows, n);
  for (let r = 0; r < rows; r++) {
    const target = out + (<usize>load<u32>(targets) << 2);
    store<f32>(target, load<f32>(target) - 1);
    scale(out, load<f32>(g), out, n);
    g += 4;
    targets += 4;
    out += bytes;
  }
}
