// softmax(scale·q·kᵀ)·v of one head, and its gradients, a block of queries at a time: scores exist for one block only.
// The gradient makes them again from the log of each query's normalizer (Dao et al., "FlashAttention", arXiv 2205.14135,
// section 3.1). Under a causal mask query t sees keys up to S − T + t, and scores beyond a block's last key are skipped.

import { DIRECT, gemm } from './products';
import { exp, firstLanes } from './math';
import { transpose } from './movement';
import { dotOf, maxOf, sumOf } from './reductions';

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

/** Bytes from the first head to head h of one row. */
// @ts-ignore: decorator
@inline
function offsetOf(h: i32, width: i32): usize {
  return (<usize>h * width) << 2;
}

/**
 * Heads [from, to) of all batches: out [.., queries, valueWidth] and normalizers [.., queries] = ln Σ exp(scores), where
 * each query sees a key. Packed: rows of q, k and v are those of one array [batch, queries, 3, heads, width], those of
 * out lie in [batch, queries, heads, width]. Otherwise `heads` is 1 and each is an array of its own.
 */
export function attention(
  from: i32, to: i32, heads: i32, packed: bool, q: usize, k: usize, v: usize, out: usize, normalizers: usize,
  queries: i32, keys: i32, width: i32, valueWidth: i32, scale: f32, causal: bool, scratch: usize,
): void {
  const qRow = packed ? 3 * heads * width : width;
  const vRow = packed ? qRow : valueWidth;
  const outRow = heads * valueWidth;
  const row = rowOf(keys);
  const keysTurned = scratch;
  const scores = at(keysTurned, width, row);
  for (let head = from; head < to; head++) {
    const batch = head / heads;
    const h = head % heads;
    const qHead = at(q, batch * queries, qRow) + offsetOf(h, width);
    const kHead = at(k, batch * keys, qRow) + offsetOf(h, width);
    const vHead = at(v, batch * keys, vRow) + offsetOf(h, valueWidth);
    const outHead = at(out, batch * queries, outRow) + offsetOf(h, valueWidth);
    const normalizersHead = at(normalizers, head, queries);
    transpose(kHead, keysTurned, width, keys, qRow, row);
    multiply(keysTurned, width * row, scale);
    for (let t = 0; t < queries; t += BLOCK) {
      const rows = min(BLOCK, queries - t);
      const seen = visible(t + rows - 1, queries, keys, causal);
      gemm(DIRECT, at(qHead, t, qRow), qRow, 1, keysTurned, 1, row, scores, row, rows, seen, width, 0, 0);
      for (let i = 0; i < rows; i++) {
        const normalizer = softmaxRow(at(scores, i, row), visible(t + i, queries, keys, causal), seen);
        store<f32>(at(normalizersHead, t + i, 1), normalizer);
      }
      gemm(DIRECT, scores, row, 1, vHead, 1, vRow, at(outHead, t, outRow), outRow, rows, valueWidth, seen, 0, 0);
    }
  }
}

/**
 * Gradients of those heads. With P the softmax and D = Σ g ⊙ out of each query: dV = Pᵀ·g, dS = P ⊙ (g·vᵀ − D),
 * dQ = scale·dS·k, dK = scale·dSᵀ·q. They have the layout of what they belong to, g that of out.
 */
export function attentionGrad(
  from: i32, to: i32, heads: i32, packed: bool, g: usize, out: usize, normalizers: usize, q: usize, k: usize, v: usize,
  dq: usize, dk: usize, dv: usize, queries: i32, keys: i32, width: i32, valueWidth: i32, scale: f32, causal: bool,
  scratch: usize,
): void {
  const qRow = packed ? 3 * heads * width : width;
  const vRow = packed ? qRow : valueWidth;
  const outRow = heads * valueWidth;
  for (let head = from; head < to; head++) {
    const batch = head / heads;
    const h = head % heads;
    const qSkip = at(0, batch * queries, qRow) + offsetOf(h, width);
    const kSkip = at(0, batch * keys, qRow) + offsetOf(h, width);
    const vSkip = at(0, batch * keys, vRow) + offsetOf(h, valueWidth);
    const outSkip = at(0, batch * queries, outRow) + offsetOf(h, valueWidth);
    headGrad(
      g + outSkip, out + outSkip, outRow, at(normalizers, head, queries), q + qSkip, dq + qSkip, k + kSkip, dk + kSkip, qRow,
      v + vSkip, dv + vSkip, vRow, queries, keys, width, valueWidth, scale, causal, scratch,
    );
  }
}

function headGrad(
  g: usize, out: usize, outRow: i32, normalizers: usize, q: usize, dq: usize, k: usize, dk: usize, qRow: i32,
  v: usize, dv: usize, vRow: i32, queries: i32, keys: i32, width: i32, valueWidth: i32, scale: f32, causal: bool,
  scratch: usize,
): void {
  const row = rowOf(keys);
  const keysTurned = scratch;
  const valuesTurned = at(keysTurned, width, row);
  const p = at(valuesTurned, valueWidth, row);
  const ds = at(p, BLOCK, row);
  transpose(k, keysTurned, width, keys, qRow, row);
  multiply(keysTurned, width * row, scale);
  transpose(v, valuesTurned, valueWidth, keys, vRow, row);
  for (let i = 0; i < keys; i++) {
    memory.fill(at(dk, i, qRow), 0, <usize>width << 2);
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
      const normalizer = load<f32>(at(normalizers, t + i, 1));
      const own = visible(t + i, queries, keys, causal);
      softmaxGradRow(at(p, i, row), at(ds, i, row), normalizer, dot, scale, own, seen);
    }
    gemm(DIRECT, ds, row, 1, k, 1, qRow, at(dq, t, qRow), qRow, rows, width, seen, 0, 0);
    gemm(DIRECT, ds, 1, row, qBlock, 1, qRow, dk, qRow, seen, width, rows, dk, qRow);
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
