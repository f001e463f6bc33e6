import { interleaveHigh, interleaveLow, joinHigh, joinLow } from './math';

/**
 * out[i·t0 + j·t1 + l] = x[i·s0 + j·s1 + l·s2] for i < d0, j < d1, l < d2: transpose, slice, broadcast, pad and concat are
 * all this copy of three axes (more axes are looped over outside). Strides count 4-byte elements of either dtype.
 */
export function move(
  x: usize, out: usize, d0: i32, d1: i32, d2: i32, s0: i32, s1: i32, s2: i32, t0: i32, t1: i32,
): void {
  for (let i = 0; i < d0; i++) {
    if (s1 == 1 && s2 != 1) transpose(x, out, d1, d2, s2, t1);
    else {
      for (let j = 0; j < d1; j++) {
        const from = x + (<usize>(j * s1) << 2);
        const to = out + (<usize>(j * t1) << 2);
        if (s2 == 1) copyRow(from, to, d2);
        else if (s2 == 0) fillRow(load<u32>(from), to, d2);
        else for (let l = 0; l < d2; l++) store<u32>(to + (<usize>l << 2), load<u32>(from + (<usize>(l * s2) << 2)));
      }
    }
    x += <usize>s0 << 2;
    out += <usize>t0 << 2;
  }
}

/**
 * out[i·t0 + j·t1 + l·t2] += x[i·s0 + j·s1 + l] for i < d0, j < d1, l < d2, in this order: the transpose of `move`, for
 * float32. Elements of out may be met several times.
 */
export function moveAdd(
  x: usize, out: usize, d0: i32, d1: i32, d2: i32, s0: i32, s1: i32, t0: i32, t1: i32, t2: i32,
): void {
  for (let i = 0; i < d0; i++) {
    for (let j = 0; j < d1; j++) addRow(x + (<usize>(j * s1) << 2), out + (<usize>(j * t1) << 2), d2, t2);
    x += <usize>s0 << 2;
    out += <usize>t0 << 2;
  }
}

function addRow(x: usize, out: usize, n: i32, t: i32): void {
  let l = 0;
  if (t == 1) {
    for (; l + 4 <= n; l += 4) {
      const at = <usize>l << 2;
      v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(x + at)));
    }
  }
  for (; l < n; l++) {
    const at = out + (<usize>(l * t) << 2);
    store<f32>(at, load<f32>(at) + load<f32>(x + (<usize>l << 2)));
  }
}

/** Short rows are not worth the call that `memory.copy` is. */
function copyRow(x: usize, out: usize, n: i32): void {
  if (n > 64) return memory.copy(out, x, <usize>n << 2);
  let l = 0;
  for (; l + 4 <= n; l += 4) v128.store(out + (<usize>l << 2), v128.load(x + (<usize>l << 2)));
  for (; l < n; l++) store<u32>(out + (<usize>l << 2), load<u32>(x + (<usize>l << 2)));
}

function fillRow(bits: u32, out: usize, n: i32): void {
  let l = 0;
  for (; l + 4 <= n; l += 4) v128.store(out + (<usize>l << 2), i32x4.splat(bits));
  for (; l < n; l++) store<u32>(out + (<usize>l << 2), bits);
}

/** out[j·t + l] = x[j + l·s], in tiles of 4×4 so that both sides are read and written by whole vectors. */
export function transpose(x: usize, out: usize, rows: i32, columns: i32, s: i32, t: i32): void {
  const from = <usize>s << 2;
  const to = <usize>t << 2;
  let j = 0;
  for (; j + 4 <= rows; j += 4) {
    let p = x + (<usize>j << 2);
    let q = out + <usize>j * to;
    let l = 0;
    for (; l + 4 <= columns; l += 4) {
      const r0 = v128.load(p);
      const r1 = v128.load(p + from);
      const r2 = v128.load(p + 2 * from);
      const r3 = v128.load(p + 3 * from);
      const low01 = interleaveLow(r0, r1);
      const low23 = interleaveLow(r2, r3);
      const high01 = interleaveHigh(r0, r1);
      const high23 = interleaveHigh(r2, r3);
      v128.store(q, joinLow(low01, low23));
      v128.store(q + to, joinHigh(low01, low23));
      v128.store(q + 2 * to, joinLow(high01, high23));
      v128.store(q + 3 * to, joinHigh(high01, high23));
      p += 4 * from;
      q += 16;
    }
    for (; l < columns; l++) {
      for (let i: usize = 0; i < 4; i++) store<u32>(q + i * to, load<u32>(p + (i << 2)));
      p += from;
      q += 4;
    }
  }
  for (; j < rows; j++) {
    for (let l = 0; l < columns; l++) {
      store<u32>(out + <usize>j * to + (<usize>l << 2), load<u32>(x + (<usize>j << 2) + <usize>l * from));
    }
  }
}
