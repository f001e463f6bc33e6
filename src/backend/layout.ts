import type { Shape } from '../base/shape';

/** Several arrays walked together over the same axes: for each array, the elements that a step along an axis skips. */
export interface Walk {
  readonly extents: number[];
  readonly strides: number[][];
}

/**
 * The same walk over as few axes as possible: axes of extent 1 go, and neighbours merge where, in every array, one
 * goes on where the other ends. At least `least` axes remain (of extent 1 in front).
 */
export function simplify(shape: Shape, strides: readonly (readonly number[])[], least: number): Walk {
  const walk: Walk = { extents: [], strides: strides.map(() => []) };
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    if (extent === 1) continue;
    const inner = walk.extents[0];
    const merges = strides.every((of, i) => of[axis] === (walk.strides[i]?.[0] ?? 0) * (inner ?? 0));
    if (inner !== undefined && merges) walk.extents[0] = inner * extent;
    else prepend(walk, extent, (i) => strides[i]?.[axis] as number);
  }
  while (walk.extents.length < least) prepend(walk, 1, () => 0);
  return walk;
}

function prepend(walk: Walk, extent: number, stride: (array: number) => number): void {
  walk.extents.unshift(extent);
  walk.strides.forEach((of, i) => void of.unshift(stride(i)));
}

/** Add a last axis of extent 1, along which every array is dense. */
export function append(walk: Walk): void {
  walk.extents.push(1);
  for (const of of walk.strides) of.push(1);
}

/** Where each array is at each position of all axes but the last `inner`, in order. The offsets are reused. */
export function forOuter({ extents, strides }: Walk, inner: number, visit: (offsets: readonly number[]) => void): void {
  const axes = extents.length - inner;
  const position = new Array<number>(axes).fill(0);
  const offsets = strides.map(() => 0);
  const shift = (axis: number, steps: number): void =>
    strides.forEach((of, i) => {
      offsets[i] = (offsets[i] as number) + steps * (of[axis] as number);
    });
  for (;;) {
    visit(offsets);
    let axis = axes - 1;
    for (; axis >= 0; axis--) {
      const next = (position[axis] as number) + 1;
      shift(axis, 1);
      position[axis] = next;
      if (next < (extents[axis] as number)) break;
      shift(axis, -next);
      position[axis] = 0;
    }
    if (axis < 0) return;
  }
}
