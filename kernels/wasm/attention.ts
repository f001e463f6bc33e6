// softmax(scale·q·kᵀ)·v of one head, and its gradients, a block of queries at a time: scores exist for one block only.
// The gradient makes them again from the log of each query's normalizer (Dao et al., "FlashAttention", arXiv 2205.14135,
// section 3.1). Under a causal mask query t sees keys up to S − T + t, and scores beyond a block's last key are skipped.
// Rows of q, k, v, … are dense and `…Row` elements apart, so heads may lie side by side in one array.

import { DIRECT, gemm } from './gemm';
import { exp, firstLanes } from './math';
import { transpose } from './move';
import { dotOf, maxOf, sumOf } from './reduce';

/** Queries of a block: enough to use what is read of k and v, few enough to skip most of the causal half. */
const BLOCK = 32;

/** Floats of scratch for one head: kᵀ and vᵀ, and two blocks of scores. */
export function attentionScratch(keys: i32, width: i32, valueWidth: i32): i32 {
  return (width + valueWidth + 2 * BLOCK) * rowOf(keys);
}

/** Rows of scores start at multiples of four, so that whole vectors can be stored. */
// @ts-ignore: decorator
@inline
function rowOf(keys: i32): i32 {
  return (keys + 3) & ~3;
}

/** Keys that query t sees. */
// @ts-ignore: decorator
@inline
function visible(t: i32, queries: i32, keys: i32, causal: bool): i32 {
  return causal ? keys - queries + t + 1 : keys;
}

// @ts-ignore: decorator
@inline
function at(x: usize, i: i32, row: i32): usize {
  return x + ((<usize>i * row) << 2);
}

/** out [queries, valueWidth]; normalizers [queries] = ln Σ exp(scores). Each query sees a key. */
export function attention(
  q: usize, qRow: i32, k: usize, kRow: i32, v: usize, vRow: i32, out: usize, outRow: i32, normalizers: usize,
  queries: i32, keys: i32, width: i32, valueWidth: i32, scale: f32, causal: bool, scratch: usize,
): void {
  const row = rowOf(keys);
  const keysTurned = scratch;
  const scores = at(keysTurned, width, row);
  transpose(k, keysTurned, width, keys, kRow, row);
  multiply(keysTurned, width * row, scale);
  for (let t = 0; t < queries; t += BLOCK) {
    const rows = min(BLOCK, queries - t);
    const seen = visible(t + rows - 1, queries, keys, causal);
    gemm(DIRECT, at(q, t, qRow), qRow, 1, keysTurned, 1, row, scores, row, rows, seen, width, 0, 0);
    for (let i = 0; i < rows; i++) {
      const normalizer = softmaxRow(at(scores, i, row), visible(t + i, queries, keys, causal), seen);
      store<f32>(normalizers + (<usize>(t + i) << 2), normalizer);
    }
    gemm(DIRECT, scores, row, 1, v, 1, vRow, at(out, t, outRow), outRow, rows, valueWidth, seen, 0, 0);
  }
}

/**
 * With P the softmax and D = Σ g ⊙ out of each query: dV = Pᵀ·g, dS = P ⊙ (g·vᵀ − D), dQ = scale·dS·k,
 * dK = scale·dSᵀ·q. Gradients have the rows of what they belong to, that of out those of out.
 */
export function attentionGrad(
  g: usize, out: usize, outRow: i32, normalizers: usize,
  q: usize, dq: usize, qRow: i32, k: usize, dk: usize, kRow: i32, v: usize, dv: usize, vRow: i32,
  queries: i32, keys: i32, width: i32, valueWidth: i32, scale: f32, causal: bool, scratch: usize,
): void {
  const row = rowOf(keys);
  const keysTurned = scratch;
  const valuesTurned = at(keysTurned, width, row);
  const p = at(valuesTurned, valueWidth, row);
  const ds = at(p, BLOCK, row);
  transpose(k, keysTurned, width, keys, kRow, row);
  multiply(keysTurned, width * row, scale);
  transpose(v, valuesTurned, valueWidth, keys, vRow, row);
  for (let i = 0; i < keys; i++) {
    memory.fill(at(dk, i, kRow), 0, <usize>width << 2);
    memory.fill(at(dv, i, vRow), 0, <usize>valueWidth << 2);
  }
  for (let t = 0; t < queries; t += BLOCK) {
    const rows = min(BLOCK, queries - t);
    const seen = visible(t + rows - 1, queries, keys, causal);
    const qBlock = at(q, t, qRow);
    const gBlock = at(g, t, outRow);
    gemm(DIRECT, qBlock, qRow, 1, keysTurned, 1, row, p, row, rows, seen, width, 0, 0);
    gemm(DIRECT, gBlock, outRow, 1, valuesTurned, 1, row, ds, row, rows, seen, valueWidth, 0, 0);
    for (let i = 0; i < rows; i++) {
      const dot = <f32>dotOf(at(gBlock, i, outRow), at(out, t + i, outRow), valueWidth);
      const normalizer = load<f32>(normalizers + (<usize>(t + i) << 2));
      const own = visible(t + i, queries, keys, causal);
      softmaxGradRow(at(p, i, row), at(ds, i, row), normalizer, dot, scale, own, seen);
    }
    gemm(DIRECT, ds, row, 1, k, 1, kRow, at(dq, t, qRow), qRow, rows, width, seen, 0, 0);
    gemm(DIRECT, ds, 1, row, qBlock, 1, qRow, dk, kRow, seen, width, rows, dk, kRow);
    gemm(DIRECT, p, 1, row, gBlock, 1, outRow, dv, vRow, seen, valueWidth, rows, dv, vRow);
  }
}

function multiply(x: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  const end = x + (<usize>n << 2);
  while (x < end) {
    v128.store(x, f32x4.mul(v128.load(x), f));
    x += 16;
  }
}

/** x [n] → exp(x)/Σ exp(x), and zeros up to `end`; ln Σ exp(x). */
function softmaxRow(x: usize, n: i32, end: i32): f32 {
  const peak = maxOf(x, n);
  const peaks = f32x4.splat(peak);
  for (let i = 0; i < end; i += 4) {
    const to = x + (<usize>i << 2);
    v128.store(to, v128.and(exp(f32x4.sub(v128.load(to), peaks)), firstLanes(n - i)));
  }
  const total = sumOf(x, n);
  multiply(x, (n + 3) & ~3, <f32>(1 / total));
  return <f32>(<f64>peak + NativeMathf.log(<f32>total));
}

/** p: scores → probabilities; ds: g·vᵀ → gradient of the scores before the scale, times scale. Zeros from n to end. */
function softmaxGradRow(p: usize, ds: usize, normalizer: f32, dot: f32, scale: f32, n: i32, end: i32): void {
  const normalizers = f32x4.splat(normalizer);
  const dots = f32x4.splat(dot);
  const scales = f32x4.splat(scale);
  for (let i = 0; i < end; i += 4) {
    const mask = firstLanes(n - i);
    const y = v128.and(exp(f32x4.sub(v128.load(p), normalizers)), mask);
    const slope = f32x4.mul(f32x4.mul(y, f32x4.sub(v128.load(ds), dots)), scales);
    v128.store(p, y);
    v128.store(ds, v128.and(slope, mask));
    p += 16;
    ds += 16;
  }
}
