import fc from 'fast-check';
import * as f from '../../../src/index';
import { ids, type OpRow, opCase, positive, real, shapesOf, spaced } from '../../../src/laws';
import { row } from '../op-cases';

type Tensor = f.Tensor;
const oneOrTwo = fc.integer({ min: 1, max: 2 });
const near = (shape: f.Shape) => real(shape, -1, 1);
/** Beside sums of products of two inputs the bias must keep its bits. */
const reach = 16;

/** Convolutions, pools and losses. */
export const images: OpRow[] = [
  {
    reach,
    ...row('conv2d: groups and dilation', (extent) =>
      fc
        .tuple(fc.tuple(extent, extent, extent), oneOrTwo, oneOrTwo, oneOrTwo)
        .map(([[batch, input, output], groups, dilation, stride]) =>
          opCase(
            [
              near([batch, input * groups, dilation + 2, 3]),
              near([output * groups, input, 2, 1]),
              real([output * groups]),
            ],
            (x, w, bias) => f.conv2d(x as Tensor, w as Tensor, bias, { groups, dilation, stride, padding: [0, 1] }),
            { groups, dilation, stride },
          ),
        ),
    ),
  },
  {
    reach,
    ...row('conv1d', (extent) =>
      fc
        .tuple(fc.tuple(extent, extent, extent), oneOrTwo, oneOrTwo)
        .map(([[batch, input, output], groups, dilation]) =>
          opCase(
            [near([batch, input * groups, 4]), near([output * groups, input, 2]), real([output * groups])],
            (x, w, bias) => f.conv1d(x as Tensor, w as Tensor, bias, { groups, dilation, stride: 2, padding: 1 }),
            { groups, dilation },
          ),
        ),
    ),
  },
  {
    reach,
    ...row('convTranspose2d', (extent) =>
      fc
        .tuple(fc.tuple(extent, extent, extent), oneOrTwo, oneOrTwo, oneOrTwo)
        .map(([[batch, input, output], groups, dilation, stride]) =>
          opCase(
            [
              near([batch, input * groups, 2, 1]),
              near([input * groups, output, 2, 3]),
              ...(stride === 1 ? [] : [real([output * groups])]),
            ],
            (x, w, bias) =>
              f.convTranspose2d(x as Tensor, w as Tensor, bias, {
                groups,
                dilation,
                stride,
                padding: [0, 1],
                outputPadding: [stride - 1, 0],
              }),
            { groups, dilation, stride },
          ),
        ),
    ),
  },
  ...Object.entries({ maxPool: f.maxPool, avgPool: f.avgPool }).map(([name, pool]) =>
    row(name, (extent) =>
      fc
        .tuple(fc.tuple(extent, extent), fc.tuple(oneOrTwo, oneOrTwo), fc.nat(1), oneOrTwo)
        .map(([[batch, channels], [height, width], border, stride]) =>
          opCase(
            [spaced([batch, channels, height + 2, width + 1])],
            (x) => pool(x as Tensor, [2, width], { stride, padding: [border, 0] }),
            { border, stride, width },
          ),
        ),
    ),
  ),
  row('bceWithLogits', (extent) =>
    shapesOf(extent, 1).map((shape) =>
      opCase([real(shape), real(shape, 0, 1), positive(shape.slice(-1))], (x, t, positiveWeight) =>
        f.bceWithLogits(x as Tensor, t as Tensor, { positiveWeight: positiveWeight as Tensor }),
      ),
    ),
  ),
  // Differences are 1/8 away from 0 and from δ.
  row('huber', (extent) =>
    shapesOf(extent).map((shape) =>
      opCase([spaced(shape), spaced(shape, 1)], (a, b) => f.huber(a as Tensor, b as Tensor, { delta: 1 })),
    ),
  ),
  row('klDivergence', (extent) => shapesOf(extent).map((shape) => opCase([real(shape), real(shape)], f.klDivergence))),
  row('nll', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), fc.integer({ min: 1, max: 4 }))
      .map(([leading, classes]) => opCase([real([...leading, classes]), ids(leading, classes)], f.nll)),
  ),
  // The last row counts, whatever the targets of the others: the mean of no rows is no number.
  row('crossEntropy: smoothed, with ignored rows', (extent) =>
    fc.tuple(extent, fc.integer({ min: 2, max: 4 })).map(([rows, classes]) =>
      opCase([real([rows + 1, classes]), ids([rows], classes)], (x, targets) => {
        const all = f.concat([targets as Tensor, f.tensor([1], { dtype: 'int32' })]);
        return f.crossEntropy(x as Tensor, all, { labelSmoothing: 0.2, ignoreIndex: 0 });
      }),
    ),
  ),
];
