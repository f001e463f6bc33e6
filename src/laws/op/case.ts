import type { TypedArray } from '../../base/dtype';
import { checkArgument, isPlainObject, kindOf, listOf, number, refuseExtra, whole } from '../../base/options';
import { checkShape, type Shape, show, sizeOf } from '../../base/shape';
import { permute } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { numbers, wholes } from '../arbitraries';
import { toStringMethod } from '../arbitrary';
import type { LawOf } from '../finding';
import { inputKind, opKind } from '../kinds';

/** One input of an op: a shape, and values that are a function of a seed. */
export interface Input {
  /** The tensor's shape. */
  readonly shape: Shape;
  /** A description in words, for counterexamples. */
  readonly kind: string;
  /** A derivative with respect to it is wanted. */
  readonly differentiable: boolean;
  /** Values, the same ones for the same seed. */
  draw(seed: number): TypedArray;
}

/** An op with its attributes settled, and the shapes it is tried on. */
export interface OpCase {
  /** One for each tensor that the op takes. */
  readonly inputs: readonly Input[];
  /** The op, applied. */
  of(...inputs: Tensor[]): Tensor;
  /** How fast-check prints it. */
  readonly [toStringMethod]: () => string;
}

const attributesKind = kindOf<object>('a record', isPlainObject);
const groupKind = kindOf<0 | 1>('0 or 1', (value) => value === 0 || value === 1);

/** `of` on such inputs; `attributes` are only printed. */
export function opCase(inputs: readonly Input[], of: OpCase['of'], attributes: object = {}): OpCase {
  if (arguments.length > 3) refuseExtra('opCase', arguments, 3);
  checkArgument('opCase', 'inputs', listOf(inputKind), inputs);
  checkArgument('opCase', 'of', opKind, of);
  checkArgument('opCase', 'attributes', attributesKind, attributes);
  const given = [...inputs.map(({ kind, shape }) => `${kind} ${show(shape)}`), JSON.stringify(attributes)];
  return { inputs, of, [toStringMethod]: () => given.join(', ') };
}

/**
 * Numbers in [low, high), by default [−2, 2): multiples of 2⁻¹⁰, so that the steps of finite differences are exact.
 * Where the op has an edge, such as log at 0, keep the range a twentieth away from it.
 */
export function real(shape: Shape, low = -2, high = 2): Input {
  if (arguments.length > 3) refuseExtra('real', arguments, 3);
  checkShape('real', shape);
  checkArgument('real', 'low', number(), low);
  checkArgument('real', 'high', number({ low }), high);
  const stretch = (high - low) / 4; // numbers() lie in [−2, 2)
  return {
    shape,
    kind: 'real',
    differentiable: true,
    draw: (seed) => numbers(seed, sizeOf(shape)).map((x) => Math.round((low + stretch * (x + 2)) * 1024) / 1024),
  };
}

/** Numbers in [½, 3), for logarithms, roots, powers and denominators. */
export function positive(shape: Shape): Input {
  if (arguments.length > 1) refuseExtra('positive', arguments, 1);
  checkShape('positive', shape);
  return { ...real(shape, 0.5, 3), kind: 'positive' };
}

/**
 * Numbers at least ¼ apart, and 1/16 away from every multiple of ¼, for ops with kinks: max, abs, clip. `group` 1 is
 * ⅛ away from `group` 0, for ops with a kink where two inputs are equal.
 */
export function spaced(shape: Shape, group: 0 | 1 = 0): Input {
  if (arguments.length > 2) refuseExtra('spaced', arguments, 2);
  checkShape('spaced', shape);
  checkArgument('spaced', 'group', groupKind, group);
  const size = sizeOf(shape);
  const first = -Math.floor(size / 2) / 4 + (group === 0 ? 1 : 3) / 16;
  return {
    shape,
    kind: 'spaced',
    differentiable: true,
    draw: (seed) => Float32Array.from(permute([seed, 3], size), (rank) => first + rank / 4),
  };
}

/** Whole numbers in [0, below), int32. */
export function ids(shape: Shape, below: number): Input {
  if (arguments.length > 2) refuseExtra('ids', arguments, 2);
  checkShape('ids', shape);
  checkArgument('ids', 'below', whole({ low: 1, high: 2 ** 31 }), below);
  return {
    shape,
    kind: `ids below ${below}`,
    differentiable: false,
    draw: (seed) => wholes(seed, sizeOf(shape), below),
  };
}

/** The same input, as a constant. */
export function constant(input: Input): Input {
  if (arguments.length > 1) refuseExtra('constant', arguments, 1);
  checkArgument('constant', 'input', inputKind, input);
  return { ...input, kind: `constant ${input.kind}`, differentiable: false };
}

/** A law of ops: of an op with its shapes, at the values that a seed gives. */
export interface OpLaw extends LawOf<OpCase, number> {
  /** Random cases for it. */
  readonly runs: number;
}

/** A law that `holds` unless it throws a Violation. */
export function opLaw(name: string, holds: (op: OpCase, seed: number) => Promise<void>, runs: number): OpLaw {
  return {
    name,
    runs,
    async find(op, seed) {
      await holds(op, seed);
      return [];
    },
  };
}
