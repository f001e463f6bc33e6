import type { Formula } from '../../../kernels/gpujs/elementwise';
import { zip } from '../../../kernels/gpujs/elementwise';
import { walkFunctions, wholeParameters } from '../../../kernels/gpujs/layout';
import { join } from '../../../kernels/gpujs/movement';
import type { DType } from '../../base/dtype';
import { broadcastStrides, type Shape, sizeOf } from '../../base/shape';
import type { Operand, Storage } from '../contract';
import { simplify, type Walk } from '../layout';
import type { GpuKernel } from './device';
import { exact } from './exact';
import type { Dims } from './gpujs';
import { type Argument, flat, type GpuRunner, operandOf, type Seen } from './runner';

/** An array of a walk, with the elements that a step along each axis skips; or a number, the same everywhere. */
export interface Walked {
  readonly name: string;
  readonly x: Operand | number;
  readonly strides: readonly number[];
  readonly start: number;
}

/** What a formula that needs them is told. */
export const edges = [Number.POSITIVE_INFINITY, Number.NaN];

/** An operand of a formula, broadcast to `shape`. */
export function broadcast(name: string, x: Operand | number, shape: Shape): Walked {
  return { name, x, strides: broadcastStrides(typeof x === 'number' ? [] : x.shape, shape), start: 0 };
}

/** A formula over all positions of a shape with at least one element. */
export function walk(
  on: GpuRunner,
  formula: Formula,
  shape: Shape,
  given: readonly Walked[],
  dtype: DType = 'float32',
): Storage {
  const simple = simplify(
    shape,
    given.map(({ strides }) => strides),
    1,
  );
  return piece(on, formula, simple, given, dtype);
}

/**
 * Up to three axes are those of the threads, which are integers. More, or longer ones than a device has threads for,
 * are found by dividing floats. What is too large for that is made in two halves.
 */
function piece(
  on: GpuRunner,
  formula: Formula,
  { extents, strides }: Walk,
  given: readonly Walked[],
  dtype: DType,
): Storage {
  const inner = extents.toReversed();
  const out: Dims = [inner[0] as number, inner[1] ?? 1, inner[2] ?? 1];
  const { limits } = on.device;
  if (extents.length === 1 || (extents.length <= 3 && out.every((n, axis) => n <= (limits.dims[axis] as number)))) {
    return run(on, formula, extents.length, extents, strides, given, out, dtype);
  }
  const size = sizeOf(extents);
  const spans = strides.map((of) =>
    of.reduce((sum, step, axis) => sum + Math.abs(step) * (extents[axis] as number), 0),
  );
  if (size <= exact && spans.every((span) => span <= exact)) {
    return run(on, formula, Math.max(4, extents.length), extents, strides, given, [size, 1, 1], dtype);
  }
  const [first, ...others] = extents as [number, ...number[]];
  const half = Math.ceil(first / 2);
  const [low, high] = [
    [half, 0],
    [first - half, half],
  ].map(([length, from]) =>
    piece(
      on,
      formula,
      simplify([length as number, ...others], strides, 1),
      given.map((one, i) => ({ ...one, start: one.start + (from as number) * (strides[i]?.[0] as number) })),
      dtype,
    ),
  ) as [Storage, Storage];
  const args = [flat(operandOf(low)), flat(operandOf(high)), low.size];
  const joined = on.launch({ source: join, integers: ['length'], flat: true }, [size, 1, 1], args, dtype);
  on.free(low, high);
  return joined;
}

function run(
  on: GpuRunner,
  formula: Formula,
  axes: number,
  extents: readonly number[],
  strides: readonly (readonly number[])[],
  given: readonly Walked[],
  out: Dims,
  dtype: DType,
): Storage {
  const names = given.map(({ name }) => name);
  const numbers = given.filter(({ x }) => typeof x === 'number').map(({ name }) => name);
  const kernel: GpuKernel = {
    source: zip(formula, names, numbers, axes),
    functions: [...(formula.functions ?? []), ...walkFunctions(axes)],
    integers: names.flatMap((name) => wholeParameters(name, axes)),
    flat: axes === 1 || axes > 3,
  };
  const fill = <T>(values: readonly T[], value: T): T[] => [
    ...values.toReversed(),
    ...new Array<T>(axes - values.length).fill(value),
  ];
  const args = given.flatMap(({ x, start }, i): Argument[] =>
    typeof x === 'number' ? [x] : [whole(x, axes), ...fill(strides[i] as readonly number[], 0), start],
  );
  const sizes = axes > 3 ? fill(extents, 1).slice(0, -1) : [];
  return on.launch(kernel, out, [...args, ...sizes, ...(formula.edges ? edges : [])], dtype);
}

/** So that an address is one index, or the sum of three. */
function whole(x: Operand, axes: number): Seen {
  return axes > 3 ? { operand: x, dims: [1, 1, x.storage.size] } : flat(x);
}
