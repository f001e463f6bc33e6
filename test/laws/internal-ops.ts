import fc from 'fast-check';
import { loraLinear } from '../../src/adapters/methods/lora-linear';
import { lorsLinear } from '../../src/adapters/methods/lors-linear';
import { spLoraLinear } from '../../src/adapters/methods/masked-linear';
import * as f from '../../src/index';
import {
  broadcastShapesOf,
  constant,
  type Input,
  ids,
  type OpRow,
  opCase,
  positive,
  real,
  reducing,
  shapesOf,
} from '../../src/laws';
import { axpby } from '../../src/tensor/ops/elementwise/axpby';
import { scatterAdd } from '../../src/tensor/ops/movement/gather';
import { place } from '../../src/tensor/ops/movement/pad';
import { randomTimes, timesRandom } from '../../src/tensor/ops/products/matmul-random';
import { sumSquares } from '../../src/tensor/ops/reductions/sum-squares';
import { sumTo } from '../../src/tensor/ops/reductions/sum-to';
import { blocks, flags, row } from './op-cases';

type Tensor = f.Tensor;

/** A weight that is half pruned. */
function halfZero(shape: f.Shape): Input {
  const dense = positive(shape);
  return {
    ...dense,
    kind: 'sparse',
    draw: (seed) => dense.draw(seed).map((w, i) => ((i + seed) % 2 === 0 ? w : 0)) as Float32Array,
  };
}

/** Rows like those of `ops.ts`, for ops that only other ops and transforms use: the built package does not export them. */
const everyRow: OpRow[] = [
  row('axpby', (extent) =>
    shapesOf(extent).map((shape) => opCase([real(shape), real(shape)], (x, y) => axpby(0.9, x, -0.1, y))),
  ),
  row('lora', (extent) =>
    fc
      .tuple(extent, extent, extent, extent, fc.boolean())
      .map(([rows, inputs, outputs, rank, withBias]) =>
        opCase(
          [
            real([rows, inputs]),
            real([rows, inputs]),
            real([outputs, inputs]),
            real([rank, inputs], -1, 1),
            real([outputs, rank], -1, 1),
            ...(withBias ? [real([outputs])] : []),
          ],
          (x, dropped, weight, A, B, bias) =>
            loraLinear(
              x as Tensor,
              dropped as Tensor,
              weight as Tensor,
              { A: A as Tensor, B: B as Tensor, scale: 0.75 },
              bias ?? null,
            ),
        ),
      ),
  ),
  ...Object.entries({ lors: lorsLinear, spLora: spLoraLinear }).flatMap(([name, op]) =>
    // A weight without zeros, for which LoRS has no bias; and one with zeros, where the exact ones have none either.
    [false, true].map((sparse) =>
      row(sparse ? `${name}: sparse` : name, (extent) =>
        fc.tuple(extent, extent, extent, extent, fc.boolean()).map(([rows, inputs, outputs, rank, withBias]) => {
          const weight = sparse ? halfZero([outputs, inputs]) : positive([outputs, inputs]);
          const factors = [real([rank, inputs], -1, 1), real([outputs, rank], -1, 1)] as const;
          const [A, B] = sparse && name === 'lors' ? factors.map(constant) : factors;
          return opCase(
            [
              real([rows, inputs]),
              sparse ? constant(weight) : weight,
              A as Input,
              B as Input,
              ...(withBias ? [real([outputs])] : []),
            ],
            (x, w, a, b, bias) =>
              op(x as Tensor, w as Tensor, { A: a as Tensor, B: b as Tensor, scale: 0.75 }, bias ?? null),
          );
        }),
      ),
    ),
  ),
  ...(['normal', 'rademacher'] as const).map((kind) =>
    row(`matmulRandom: ${kind}`, (extent) =>
      fc
        .tuple(fc.tuple(extent, extent, extent), flags('left', 'transpose'))
        .map(([[rows, columns, other], { left, transpose }]) => {
          const a = { kind, key: f.random.key(2), rows, columns, scale: 0.5 };
          const inner = left === transpose ? rows : columns;
          return opCase(
            [real(left ? [inner, other] : [other, inner])],
            (x) => (left ? randomTimes(a, x, { transpose }) : timesRandom(x, a, { transpose })),
            { left, transpose },
          );
        }),
    ),
  ),
  row('place', (extent) =>
    blocks(extent).map(({ shape, start, end }) =>
      opCase([real(end.map((stop, i) => stop - (start[i] as number)))], (x) => place(x, start, shape), {
        start,
        shape,
      }),
    ),
  ),
  row('scatterAdd', (extent) =>
    fc
      .tuple(fc.integer({ min: 1, max: 4 }), shapesOf(extent, 0, 2), shapesOf(extent, 0, 2))
      .map(([rows, row, of]) => opCase([real([...of, ...row]), ids(of, rows)], (x, at) => scatterAdd(x, at, rows))),
  ),
  reducing('sumSquares', sumSquares),
  row('sumTo', (extent) =>
    broadcastShapesOf(extent).map(([a, b]) => {
      const [to, from] = [a, b].sort((p, q) => (p as f.Shape).length - (q as f.Shape).length) as [f.Shape, f.Shape];
      const target = to.map((x, i) => (x === from.at(i - to.length) ? x : 1));
      return opCase([real(from)], (x) => sumTo(x, target), { target });
    }),
  ),
];

/**
 * Adapters sum up products of three inputs beside those of two: see `ops.ts`. Normal entries of a generated matrix have
 * all their bits, so that sums of products with them are not exact, as the law of extreme magnitudes needs them; signs are.
 */
const reaches: Record<string, number> = { lora: 10, lors: 10, spLora: 10, 'matmulRandom: normal': 0 };

export const internalRows: OpRow[] = everyRow.map((row) => ({
  ...row,
  reach: reaches[row.name] ?? reaches[row.name.split(':')[0] as string] ?? 120,
}));
