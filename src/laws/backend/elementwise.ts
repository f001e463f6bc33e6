import fc from 'fast-check';
import {
  type Activation,
  activations,
  type Binary,
  binaries,
  type Compare,
  comparisons,
  type ElementFunction,
  type Operand,
  type Unary,
  unaries,
} from '../../backend/contract';
import { type Shape, sizeOf } from '../../base/shape';
import { addInt } from '../../tensor/ops/elementwise/add';
import { angle } from '../../tensor/ops/elementwise/atan2';
import { up } from '../../tensor/ops/elementwise/ceil';
import { cosine } from '../../tensor/ops/elementwise/cos';
import { expLess1 } from '../../tensor/ops/elementwise/expm1';
import { down } from '../../tensor/ops/elementwise/floor';
import { logOfSum } from '../../tensor/ops/elementwise/log1p';
import { remainder } from '../../tensor/ops/elementwise/mod';
import { mulInt } from '../../tensor/ops/elementwise/mul';
import { toEven } from '../../tensor/ops/elementwise/round';
import { sine } from '../../tensor/ops/elementwise/sin';
import { subInt } from '../../tensor/ops/elementwise/sub';
import { tangent } from '../../tensor/ops/elementwise/tan';
import { broadcasts, numbers, seeds, shapes, special, wholes } from '../arbitraries';
import { expectRelative } from '../close';
import { type Law, law, randomLaw } from '../law';
import type { Trial } from './trial';

/** Periodic functions, which a device may leave alone at 2²⁴ and beyond. */
const waves: readonly ElementFunction[] = [sine, cosine, tangent];
/** Functions of `map`: of one operand, of two, and of two int32 operands. */
const ofOne: readonly ElementFunction[] = [...waves, down, up, toEven, logOfSum, expLess1];
const ofTwo: readonly ElementFunction[] = [angle, remainder];
const ofInts: readonly ElementFunction[] = [addInt, subInt, mulInt];

/** One element in, one element out: every function of one and two operands, comparisons, `where`, `cast`, `axpby`. */
export function elementwiseLaws(trial: Trial): Law[] {
  const { agree, agreeWith } = trial;
  return [
    ...unaries.flatMap((op) => unaryLaws(op, trial)),
    ...(['exp', 'log', 'tanh', 'sigmoid', 'erf'] as const).map((op) =>
      law(`elementwise: ${op} is accurate to 5 units in the last place`, () => {
        const x = Float32Array.from({ length: 20000 }, (_, i) => (i - 10000) / (op === 'log' ? 1 : 130));
        return agree(
          (b, put) => b.unary(op, put(op === 'log' ? x.map(Math.exp).filter(Number.isFinite) : x)),
          5,
          expectRelative,
        );
      }),
    ),
    ...binaries.flatMap((op) => binaryLaws(op, trial)),
    ...activations.flatMap((op) => activationLaws(op, trial)),
    ...ofOne.flatMap((f) => mapLaws(f, trial)),
    ...ofTwo.flatMap((f) => pairLaws(f, trial)),
    ...ofInts.flatMap((f) => intLaws(f, trial)),
    law('elementwise: two numbers make a constant', () => agree((b) => b.binary('add', 1, 2, [3, 5]))),
    ...comparisons.flatMap((op) => comparisonLaws(op, trial)),
    randomLaw('elementwise: where', fc.tuple(broadcasts(3), seeds), ([{ shape, operands }, seed]) =>
      agree((b, put) => {
        const [p, q, r] = operands as [Shape, Shape, Shape];
        const condition = put(wholes(seed, sizeOf(p), 2), p);
        const [x, y] = [put(numbers(seed, sizeOf(q)), q), put(numbers(seed + 1, sizeOf(r)), r)];
        return [b.where(condition, x, y, shape), b.where(condition, 1, -1, p)];
      }),
    ),
    randomLaw('elementwise: cast', fc.tuple(seeds, shapes), ([seed, shape]) =>
      agree((b, put) => {
        const floats = put(
          numbers(seed, sizeOf(shape)).map((x) => 1000 * x),
          shape,
        );
        const ints = put(wholes(seed, sizeOf(shape), 2 ** 30), shape);
        return [b.cast(floats, 'int32'), b.cast(floats, 'float32'), b.cast(ints, 'float32'), b.cast(ints, 'int32')];
      }),
    ),
    law('elementwise: cast of NaN is 0, and of what is too large the largest', () =>
      agree((b, put) => b.cast(put(special), 'int32')),
    ),
    randomLaw('elementwise: axpby', fc.tuple(seeds, shapes), ([seed, shape]) =>
      agreeWith(['axpby'], (b, put) => {
        const [x, y] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
        return b.axpby(0.9, x, -0.1, y);
      }),
    ),
  ];
}

function unaryLaws(op: Unary, { agree }: Trial): Law[] {
  return [
    randomLaw(`elementwise: ${op} agrees with the reference`, fc.tuple(seeds, shapes), ([seed, shape]) =>
      agree((b, put) => b.unary(op, put(numbers(seed, sizeOf(shape)), shape))),
    ),
    law(`elementwise: ${op} is right at zero, infinity, NaN and far out`, () =>
      agree((b, put) => b.unary(op, put(special))),
    ),
  ];
}

function binaryLaws(op: Binary, { agree }: Trial): Law[] {
  const drawn = fc.tuple(broadcasts(2), seeds, fc.constantFrom('both', 'left number', 'right number'));
  return [
    randomLaw(
      `elementwise: ${op} agrees with the reference, broadcast or with a number`,
      drawn,
      ([{ shape, operands }, seed, form]) =>
        agree((b, put) => {
          const [a, c] = operands.map((of, i) => put(numbers(seed + i, sizeOf(of)), of)) as [Operand, Operand];
          if (form === 'left number') return b.binary(op, 0.7, c, c.shape);
          return form === 'right number' ? b.binary(op, a, -1.3, a.shape) : b.binary(op, a, c, shape);
        }),
    ),
    law(`elementwise: ${op} is right at zero, infinity, NaN and far out`, () => {
      const n = special.length;
      return agree((b, put) => b.binary(op, put(special, [n, 1]), put(special, [1, n]), [n, n]));
    }),
  ];
}

function activationLaws(op: Activation, { agreeWith }: Trial): Law[] {
  const both = ['activation', 'activationGrad'] as const;
  return [
    randomLaw(
      `elementwise: ${op} and its gradient agree with the reference`,
      fc.tuple(seeds, shapes),
      ([seed, shape]) =>
        agreeWith(both, (b, put) => {
          const [g, x] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
          return [b.activation(op, x), b.activationGrad(op, g, x)];
        }),
    ),
    law(`elementwise: ${op} and its gradient are right at zero, infinity, NaN and far out`, () => {
      // A slope of almost nothing times a huge cotangent depends on the last bits of the slope.
      const scales = special.filter((x) => !(Math.abs(x) > 1e4));
      const pairs = Array.from(scales, (g) => Array.from(special, (x) => [g, x] as const)).flat();
      return agreeWith(both, (b, put) => {
        const [g, x] = [0, 1].map((i) => put(Float32Array.from(pairs, (pair) => pair[i] as number)));
        return [b.activation(op, put(special)), b.activationGrad(op, g as Operand, x as Operand)];
      });
    }),
  ];
}

function mapLaws(f: ElementFunction, { agree }: Trial): Law[] {
  const near = (x: number): boolean => !(Math.abs(x) > 102_000 && Math.abs(x) < Number.POSITIVE_INFINITY);
  const all = Float32Array.of(...special, 0.49999997, 1.5, 2.5, -1.5, -2.5, 1e-5, 102_000, 8388607.5);
  const edges = waves.includes(f) ? all.filter(near) : all;
  return [
    randomLaw(`elementwise: map of ${f.name} agrees with the reference`, fc.tuple(seeds, shapes), ([seed, shape]) =>
      agree((b, put) => b.map(f, [put(numbers(seed, sizeOf(shape)), shape)], shape)),
    ),
    law(`elementwise: map of ${f.name} is right at zero, infinity, NaN, halves and far out`, () =>
      agree((b, put) => b.map(f, [put(edges)], [edges.length])),
    ),
    law(`elementwise: map of ${f.name} is accurate to 5 units in the last place`, () => {
      const x = Float32Array.from({ length: 20000 }, (_, i) => (i - 10000) / (f === logOfSum ? 10001 : 1300));
      return agree((b, put) => b.map(f, [put(x)], [x.length]), 5, expectRelative);
    }),
  ];
}

function pairLaws(f: ElementFunction, { agree }: Trial): Law[] {
  return [
    randomLaw(
      `elementwise: map of ${f.name} agrees with the reference, broadcast`,
      fc.tuple(broadcasts(2), seeds),
      ([{ shape, operands }, seed]) =>
        agree((b, put) => {
          const [a, c] = operands.map((of, i) => put(numbers(seed + i, sizeOf(of)), of)) as [Operand, Operand];
          return b.map(f, [a, c], shape);
        }),
    ),
    law(`elementwise: map of ${f.name} is right at zero, infinity, NaN and far out`, () => {
      const n = special.length;
      return agree((b, put) => b.map(f, [put(special, [n, 1]), put(special, [1, n])], [n, n]));
    }),
  ];
}

function intLaws(f: ElementFunction, { agree }: Trial): Law[] {
  return [
    randomLaw(
      `elementwise: map of ${f.name} wraps around`,
      fc.tuple(broadcasts(2), seeds),
      ([{ shape, operands }, seed]) =>
        agree((b, put) => {
          const [a, c] = operands.map((of, i) => {
            return put(
              wholes(seed + i, sizeOf(of), 2 ** 31).map((x, at) => (at % 2 === 0 ? x : ~x)),
              of,
            );
          }) as [Operand, Operand];
          return b.map(f, [a, c], shape);
        }),
    ),
    law(`elementwise: map of ${f.name} on what the device made`, () =>
      agree((b, put) => {
        const made = b.cast(put(Float32Array.of(-3, 0, 1000)), 'int32');
        return [made, b.map(f, [{ storage: made, shape: [3], dtype: 'int32' }, put(Int32Array.of(7, 8, 9))], [3])];
      }),
    ),
  ];
}

function comparisonLaws(op: Compare, { agree }: Trial): Law[] {
  return [
    randomLaw(
      `elementwise: ${op} agrees with the reference`,
      fc.tuple(broadcasts(2), seeds, fc.boolean()),
      ([{ shape, operands }, seed, ints]) =>
        agree((b, put) => {
          const values = operands.map((of, i) => wholes(seed + i, sizeOf(of), 4));
          const [a, c] = values.map((v, i) => put(ints ? v : Float32Array.from(v), operands[i])) as [Operand, Operand];
          return [b.compare(op, a, c, shape), b.compare(op, a, 2, a.shape), b.compare(op, 1.5, c, c.shape)];
        }),
    ),
    law(`elementwise: ${op} is right at zero, infinity and NaN`, () => {
      const n = special.length;
      return agree((b, put) => b.compare(op, put(special, [n, 1]), put(special, [1, n]), [n, n]));
    }),
    law(`elementwise: ${op} is exact for large whole numbers`, () => {
      const values = Int32Array.of(2 ** 31 - 1, 2 ** 31 - 2, 16777217, 16777216, -(2 ** 31));
      return agree((b, put) => b.compare(op, put(values, [5, 1]), put(values, [1, 5]), [5, 5]));
    }),
  ];
}
