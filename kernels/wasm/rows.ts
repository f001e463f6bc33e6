// Operations on each row of [rows, n]. Means, variances and normalizers are float64 scalars; elements are float32.

import { exp, firstLanes, addLanes, storeLanes } from './math';
import { BLOCK_ROWS, dotOf, maxOf, squaredDistanceOf, sumExpOf, sumOf } from './reduce';

/** out = exp(x − max x) / Σ */
export function softmax(x: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const peak = f32x4.splat(maxOf(x, n));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, exp(f32x4.sub(v128.load(x + at), peak)), n - i);
    }
    const scale = f32x4.splat(<f32>(1 / sumOf(out, n)));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.mul(v128.load(out + at), scale), n - i);
    }
    x += bytes;
    out += bytes;
  }
}

/** out = y ⊙ (g − Σ g⊙y) */
export function softmaxGrad(g: usize, y: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const dot = f32x4.splat(<f32>dotOf(g, y, n));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(g + at), dot)), n - i);
    }
    g += bytes;
    y += bytes;
    out += bytes;
  }
}

/** out = (x − max x) − ln Σ exp(x − max x) */
export function logSoftmax(x: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const peak = maxOf(x, n);
    const peaks = f32x4.splat(peak);
    const logSum = f32x4.splat(NativeMathf.log(<f32>sumExpOf(x, peak, n)));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.sub(f32x4.sub(v128.load(x + at), peaks), logSum), n - i);
    }
    x += bytes;
    out += bytes;
  }
}

/** out = g − exp(y)·Σ g */
export function logSoftmaxGrad(g: usize, y: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const total = f32x4.splat(<f32>sumOf(g, n));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.sub(v128.load(g + at), f32x4.mul(exp(v128.load(y + at)), total)), n - i);
    }
    g += bytes;
    y += bytes;
    out += bytes;
  }
}

/** out = (x − mean)·inverse·weight + bias, inverse = 1/√(variance + epsilon); weight and bias [n] may be 0 (absent). */
export function layerNorm(
  x: usize, weight: usize, bias: usize, out: usize, rows: i32, n: i32, epsilon: f64,
): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const mean = <f32>(sumOf(x, n) / n);
    const means = f32x4.splat(mean);
    const inverse = f32x4.splat(<f32>(1 / Math.sqrt(squaredDistanceOf(x, mean, n) / n + epsilon)));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      let y = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverse);
      if (weight) y = f32x4.mul(y, v128.load(weight + at));
      if (bias) y = f32x4.add(y, v128.load(bias + at));
      storeLanes(out + at, y, n - i);
    }
    x += bytes;
    out += bytes;
  }
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
    layerNormGradRow(g, x, weight, dx, dweight + block, dbias + block, n, epsilon);
    g += bytes;
    x += bytes;
    dx += bytes;
  }
}

function layerNormGradRow(
  g: usize, x: usize, weight: usize, dx: usize, dweight: usize, dbias: usize, n: i32, epsilon: f64,
): void {
  const mean = <f32>(sumOf(x, n) / n);
  const means = f32x4.splat(mean);
  const inverse = f32x4.splat(<f32>(1 / Math.sqrt(squaredDistanceOf(x, mean, n) / n + epsilon)));
  let sum = f32x4.splat(0);
  let dot = sum;
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const mask = firstLanes(n - i);
    const normal = v128.and(f32x4.mul(f32x4.sub(v128.load(x + at), means), inverse), mask);
    const gradient = v128.and(v128.load(g + at), mask);
    const h = weight ? v128.and(f32x4.mul(gradient, v128.load(weight + at)), mask) : gradient;
    sum = f32x4.add(sum, h);
    dot = f32x4.add(dot, f32x4.mul(h, normal));
    storeLanes(dweight + at, f32x4.add(v128.load(dweight + at), f32x4.mul(gradient, normal)), n - i);
    storeLanes(dbias + at, f32x4.add(v128.load(dbias + at), gradient), n - i);
  }
  const meanOfH = f32x4.splat(addLanes(sum) / <f32>n);
  const meanOfDot = f32x4.splat(addLanes(dot) / <f32>n);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const normal = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverse);
    const gradient = v128.load(g + at);
    const h = weight ? f32x4.mul(gradient, v128.load(weight + at)) : gradient;
    const centred = f32x4.sub(f32x4.sub(h, meanOfH), f32x4.mul(normal, meanOfDot));
    storeLanes(dx + at, f32x4.mul(inverse, centred), n - i);
  }
}

/** out = x·inverse·weight, inverse = 1/√(mean(x²) + epsilon); weight [n] may be 0 (absent). */
export function rmsNorm(x: usize, weight: usize, out: usize, rows: i32, n: i32, epsilon: f64): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const inverse = f32x4.splat(inverseRms(x, n, epsilon));
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      let y = f32x4.mul(v128.load(x + at), inverse);
      if (weight) y = f32x4.mul(y, v128.load(weight + at));
      storeLanes(out + at, y, n - i);
    }
    x += bytes;
    out += bytes;
  }
}

// @ts-ignore: decorator
@inline
function inverseRms(x: usize, n: i32, epsilon: f64): f32 {
  return <f32>(1 / Math.sqrt(dotOf(x, x, n) / n + epsilon));
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
    rmsNormGradRow(g, x, weight, dx, dweight + block, n, epsilon);
    g += bytes;
    x += bytes;
    dx += bytes;
  }
}

function rmsNormGradRow(g: usize, x: usize, weight: usize, dx: usize, dweight: usize, n: i32, epsilon: f64): void {
  const inverse = f32x4.splat(inverseRms(x, n, epsilon));
  let dot = f32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const product = v128.and(f32x4.mul(v128.load(g + at), f32x4.mul(v128.load(x + at), inverse)), firstLanes(n - i));
    storeLanes(dweight + at, f32x4.add(v128.load(dweight + at), product), n - i);
    dot = f32x4.add(dot, weight ? v128.and(f32x4.mul(product, v128.load(weight + at)), firstLanes(n - i)) : product);
  }
  const meanOfDot = f32x4.splat(addLanes(dot) / <f32>n);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const normal = f32x4.mul(v128.load(x + at), inverse);
    const gradient = v128.load(g + at);
    const h = weight ? f32x4.mul(gradient, v128.load(weight + at)) : gradient;
    storeLanes(dx + at, f32x4.mul(inverse, f32x4.sub(h, f32x4.mul(normal, meanOfDot))), n - i);
  }
}

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
    const scale = v128.load32_splat(g);
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.mul(v128.load(out + at), scale), n - i);
    }
    g += 4;
    targets += 4;
    out += bytes;
  }
}
