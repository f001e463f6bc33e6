// Operands of products in panels: [lanes, depth] → panels of `width` lanes, each [depth, width], missing lanes 0. A lane
// is a row of A or a column of B, depth is the position along k.
//
// Why copy at all: at each depth a tile needs one number of each of its lanes. Where a matrix lies by rows, those of A are
// a whole row apart, one cache line (and, in a large matrix, one page) for each number. In a panel they are neighbours, and
// so are the depths: the inner loop reads two streams from front to back, whatever the layout of the operand was.

import { interleaveHigh, interleaveLow, joinHigh, joinLow } from './math';
import { randomFill } from './random';
import { MR, NR, SLAB, slab } from './workspace';

// @ts-ignore: decorator
@inline
export function offset(lane: i32, laneStride: i32, depth: i32, depthStride: i32): usize {
  return (<usize>lane * laneStride + <usize>depth * depthStride) << 2;
}

export function packA(x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize): void {
  pack(x, laneStride, depthStride, lanes, depth, out, MR);
}
export function packB(x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize): void {
  pack(x, laneStride, depthStride, lanes, depth, out, NR);
}

// @ts-ignore: decorator
@inline
function pack(x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize, width: i32): void {
  const panel = (<usize>depth * width) << 2;
  let lane = 0;
  if (laneStride == 1) {
    // A group of panels at a time, so that each cache line of x is read once.
    const group = width == 8 ? 4 : 8;
    for (; lane + group * width <= lanes; lane += group * width) {
      packGroup(x + (<usize>lane << 2), depthStride, depth, out, panel, width, group);
      out += group * panel;
    }
  }
  for (; lane < lanes; lane += width) {
    const from = x + ((<usize>lane * laneStride) << 2);
    if (lanes - lane < width) packEdge(from, laneStride, depthStride, lanes - lane, depth, out, width);
    else {
      const step = <usize>width << 2;
      // Groups of four lanes, and for six lanes a group of two.
      packFour(from, laneStride, depthStride, depth, out, step);
      if (width == 6) packTwo(from + offset(4, laneStride, 0, 0), laneStride, depthStride, depth, out + 16, step);
      if (width == 8) packFour(from + offset(4, laneStride, 0, 0), laneStride, depthStride, depth, out + 16, step);
    }
    out += panel;
  }
}

/** Several panels of neighbouring lanes. */
// @ts-ignore: decorator
@inline
function packGroup(
  x: usize, depthStride: i32, depth: i32, out: usize, panel: usize, width: i32, group: i32,
): void {
  const skip = <usize>depthStride << 2;
  const step = <usize>width << 2;
  for (let l = 0; l < depth; l++) {
    let from = x;
    let to = out;
    for (let p = 0; p < group; p++) {
      v128.store(to, v128.load(from));
      if (width == 6) store<u64>(to, load<u64>(from, 16), 16);
      if (width == 8) v128.store(to, v128.load(from, 16), 16);
      from += step;
      to += panel;
    }
    x += skip;
    out += step;
  }
}

/** Four full lanes: whole vectors when lanes are neighbours, 4×4 tiles turned over when depths are. */
function packFour(x: usize, laneStride: i32, depthStride: i32, depth: i32, out: usize, step: usize): void {
  if (laneStride == 1) {
    const skip = <usize>depthStride << 2;
    for (let l = 0; l < depth; l++) {
      v128.store(out, v128.load(x));
      x += skip;
      out += step;
    }
    return;
  }
  const lane = <usize>laneStride << 2;
  let l = 0;
  for (; l + 4 <= depth; l += 4) {
    const r0 = v128.load(x);
    const r1 = v128.load(x + lane);
    const r2 = v128.load(x + 2 * lane);
    const r3 = v128.load(x + 3 * lane);
    const low01 = interleaveLow(r0, r1);
    const low23 = interleaveLow(r2, r3);
    const high01 = interleaveHigh(r0, r1);
    const high23 = interleaveHigh(r2, r3);
    v128.store(out, joinLow(low01, low23));
    v128.store(out + step, joinHigh(low01, low23));
    v128.store(out + 2 * step, joinLow(high01, high23));
    v128.store(out + 3 * step, joinHigh(high01, high23));
    x += 16;
    out += 4 * step;
  }
  for (; l < depth; l++) {
    for (let i: usize = 0; i < 4; i++) store<f32>(out + (i << 2), load<f32>(x + i * lane));
    x += 4;
    out += step;
  }
}

/** Two full lanes: the fifth and sixth of a panel of six. */
function packTwo(x: usize, laneStride: i32, depthStride: i32, depth: i32, out: usize, step: usize): void {
  const lane = <usize>laneStride << 2;
  const skip = <usize>depthStride << 2;
  let l = 0;
  if (depthStride == 1) {
    for (; l + 4 <= depth; l += 4) {
      const r0 = v128.load(x);
      const r1 = v128.load(x + lane);
      const low = interleaveLow(r0, r1);
      const high = interleaveHigh(r0, r1);
      v128.store64_lane(out, low, 0);
      v128.store64_lane(out + step, low, 1);
      v128.store64_lane(out + 2 * step, high, 0);
      v128.store64_lane(out + 3 * step, high, 1);
      x += 16;
      out += 4 * step;
    }
  }
  for (; l < depth; l++) {
    store<f32>(out, load<f32>(x));
    store<f32>(out, load<f32>(x + lane), 4);
    x += skip;
    out += step;
  }
}

/** The last panel, of fewer lanes than it has room for: the others are 0, so that the tile needs no case for them. */
function packEdge(
  x: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, out: usize, width: i32,
): void {
  for (let lane = 0; lane < width; lane++) {
    let from = x + ((<usize>lane * laneStride) << 2);
    let to = out + (<usize>lane << 2);
    for (let l = 0; l < depth; l++) {
      store<f32>(to, lane < lanes ? load<f32>(from) : 0);
      from += <usize>depthStride << 2;
      to += <usize>width << 2;
    }
  }
}

// --- packing a matrix that is generated: a slab of it at a time, which stays in the cache ---------------------------
//
// The product of a gradient and a random projection comes through here. Each entry is a function of the key, its row and
// its column, so any block can be made when its panel is due and forgotten afterwards: the projection is never stored.

export function packRandomA(
  kind: i32, key0: i32, key1: i32, scale: f32, alongColumns: bool, lane: i32, lanes: i32, depth: i32, count: i32,
  out: usize,
): void {
  fillSlab(kind, key0, key1, scale, alongColumns, lane, lanes, depth, count);
  packA(slab, alongColumns ? 1 : count, alongColumns ? lanes : 1, lanes, count, out);
}

export function packRandomB(
  kind: i32, key0: i32, key1: i32, scale: f32, alongColumns: bool, lane: i32, lanes: i32, depth: i32, count: i32,
  out: usize,
): void {
  for (let done = 0; done < lanes; done += SLAB) {
    const some = min(SLAB, lanes - done);
    fillSlab(kind, key0, key1, scale, alongColumns, lane + done, some, depth, count);
    packB(slab, alongColumns ? 1 : count, alongColumns ? some : 1, some, count, out);
    out += (<usize>some * count) << 2;
  }
}

/** Lanes [lane, lane + lanes), depths [depth, depth + count) of the random matrix, stored as rows of that matrix. */
function fillSlab(
  kind: i32, key0: i32, key1: i32, scale: f32, alongColumns: bool, lane: i32, lanes: i32, depth: i32, count: i32,
): void {
  if (alongColumns) randomFill(kind, key0, key1, scale, depth, count, lane, lanes, slab, lanes);
  else randomFill(kind, key0, key1, scale, lane, lanes, depth, count, slab, count);
}
