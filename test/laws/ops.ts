import fc from 'fast-check';
import * as f from '../../src/index';
import {
  broadcasting,
  broadcastShapesOf,
  constant,
  elementwise,
  ids,
  type OpRow,
  opCase,
  positive,
  real,
  reducing,
  shapeAndAxis,
  shapesOf,
  spaced,
} from '../../src/laws';
import { alongAxis, blocks, orders, products, row } from './op-cases';
import { attentionRows } from './rows/attention';
import { elementwiseRows } from './rows/elementwise';
import { images } from './rows/images';
import { order } from './rows/order';
import { wholeRows } from './rows/whole';

type Tensor = f.Tensor;
const smallWindow = fc.integer({ min: 1, max: 2 });

/**
 * Every public differentiable op, one row or a few; a row is named by the op, and what is special about it after a colon.
 * What a range keeps clear of is an edge of the op: the derivative is not defined there, or too large to be measured.
 */
const everyRow: OpRow[] = [
  ...elementwiseRows,
  elementwise('abs', f.abs, spaced),
  broadcasting('add', f.add),
  row('attention', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 1), fc.tuple(extent, extent, extent), fc.nat(2), fc.boolean())
      .map(([batch, [t, d, e], more, causal]) => {
        const s = t + more;
        return opCase(
          [real([...batch, t, d]), real([...batch, s, d]), real([...batch, s, e])],
          (q, k, v) => f.attention(q, k, v, { causal, scale: 0.5 }),
          { causal },
        );
      }),
  ),
  row('selfAttention', (extent) =>
    fc.tuple(extent, extent, extent, extent, fc.boolean()).map(([batch, t, heads, d, causal]) =>
      opCase([real([batch, t, 3 * heads * d])], (qkv) => f.selfAttention(qkv, heads || 1, { causal, scale: 0.5 }), {
        heads,
        causal,
      }),
    ),
  ),
  row('broadcastTo', (extent) =>
    broadcastShapesOf(extent).map(([a, b]) => {
      const [from, to] = [a, b].sort((p, q) => (p as f.Shape).length - (q as f.Shape).length) as [f.Shape, f.Shape];
      return opCase([real(from.map((x, i) => (x === to.at(i - from.length) ? x : 1)))], (x) => f.broadcastTo(x, to), {
        to,
      });
    }),
  ),
  elementwise('cast: float32 to float32', (x) => f.cast(x, 'float32')),
  elementwise('clip', (x) => f.clip(x, -0.5, 0.75), spaced),
  elementwise('clone', f.clone),
  row('conv2d', (extent) =>
    fc
      .tuple(fc.tuple(extent, extent, extent), fc.tuple(smallWindow, smallWindow), fc.nat(2), smallWindow, fc.boolean())
      .map(([[batch, input, output], [height, width], padding, stride, withBias]) =>
        opCase(
          [
            real([batch, input, height + 2, width + 1], -1, 1),
            real([output, input, height, width], -1, 1),
            ...(withBias ? [real([output])] : []),
          ],
          (x, w, bias) => f.conv2d(x as Tensor, w as Tensor, bias, { stride, padding: [padding, 1] }),
          { stride, padding },
        ),
      ),
  ),
  row('concat', (extent) =>
    fc.tuple(shapeAndAxis(extent), fc.array(extent, { minLength: 1, maxLength: 3 })).map(([{ shape, axis }, lengths]) =>
      opCase(
        lengths.map((length) => real(shape.with(axis, length))),
        (...parts) => f.concat(parts, axis),
        { axis },
      ),
    ),
  ),
  row('crossEntropy', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), fc.integer({ min: 1, max: 4 }))
      .map(([leading, classes]) => opCase([real([...leading, classes]), ids(leading, classes)], f.crossEntropy)),
  ),
  row('cumsum', (extent) =>
    shapeAndAxis(extent).map(({ shape, axis }) => opCase([real(shape)], (x) => f.cumsum(x, { axis }), { axis })),
  ),
  broadcasting('div', f.div, real, positive),
  elementwise('div: of a number', (x) => f.div(2, x), positive),
  elementwise('dropout', (x) => f.dropout(x, 0.4, f.random.key(1))),
  row('einsum', (extent) =>
    fc
      .tuple(extent, extent, extent)
      .map(([i, j, k]) =>
        opCase([real([i, j]), real([j, k]), real([i, k])], (...xs) => f.einsum('ij,jk,ik->kj', ...xs)),
      ),
  ),
  row('einsum: diagonals and an ellipsis', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 1), extent, extent)
      .map(([batch, i, j]) =>
        opCase([real([...batch, i, j, i]), real([j])], (x, y) => f.einsum('...iji,j->...i', x, y), { batch }),
      ),
  ),
  elementwise('erf', f.erf),
  elementwise('exp', f.exp),
  row('gather', (extent) =>
    fc
      .tuple(fc.integer({ min: 1, max: 4 }), shapesOf(extent, 0, 2), shapesOf(extent, 0, 2))
      .map(([rows, row, of]) => opCase([real([rows, ...row]), ids(of, rows)], f.gather)),
  ),
  elementwise('gelu', (x) => f.gelu(x)),
  elementwise('gelu: exact', (x) => f.gelu(x, { exact: true })),
  row('linear', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), extent, extent, fc.boolean())
      .map(([batch, n, m, withBias]) =>
        opCase(
          [real([...batch, n]), real([m, n]), ...(withBias ? [real([m])] : [])],
          (x, w, b) => f.linear(x as Tensor, w as Tensor, b),
          { batch, n, m },
        ),
      ),
  ),
  row('layerNorm', (extent) =>
    shapesOf(extent, 1).map((shape) =>
      opCase([real(shape), real(shape.slice(-1)), real(shape.slice(-1))], (x, weight, bias) =>
        f.layerNorm(x, weight, bias, { epsilon: 0.1 }),
      ),
    ),
  ),
  row('layerNorm: without bias', (extent) =>
    shapesOf(extent, 1).map((shape) =>
      opCase([real(shape), real(shape.slice(-1))], (x, weight) => f.layerNorm(x, weight, undefined, { epsilon: 0.1 })),
    ),
  ),
  row('layerNorm: alone', (extent) =>
    shapesOf(extent, 1).map((shape) =>
      opCase([real(shape)], (x) => f.layerNorm(x, undefined, undefined, { epsilon: 0.1 })),
    ),
  ),
  row('layerNorm: of a constant', (extent) =>
    shapesOf(extent, 1).map((shape) =>
      opCase([constant(real(shape)), real(shape.slice(-1)), real(shape.slice(-1))], (x, weight, bias) =>
        f.layerNorm(x, weight, bias, { epsilon: 0.1 }),
      ),
    ),
  ),
  elementwise('log', f.log, positive),
  alongAxis('logSoftmax', (x, axis) => f.logSoftmax(x, { axis })),
  reducing('logSumExp', f.logSumExp, { needsElements: true }),
  row('matmul', products),
  row('matmul: vectors', (extent) =>
    fc
      .tuple(extent, extent, extent)
      .map(([b, n, m]) =>
        opCase([real([n]), real([b, n, m]), real([m])], (v, x, w) => f.matmul(f.matmul(v, x), w), { b }),
      ),
  ),
  row('matmul: with itself', (extent) =>
    fc.tuple(extent, extent).map((shape) => opCase([real(shape)], (x) => f.matmul(x, x, { transposeB: true }))),
  ),
  reducing('max', f.max, { input: spaced, needsElements: true }),
  broadcasting('maximum', f.maximum, spaced, (shape) => spaced(shape, 1)),
  reducing('mean', f.mean),
  reducing('min', f.min, { input: spaced, needsElements: true }),
  broadcasting('minimum', f.minimum, spaced, (shape) => spaced(shape, 1)),
  row('mseLoss', (extent) => shapesOf(extent).map((shape) => opCase([real(shape), real(shape)], f.mseLoss))),
  broadcasting('mul', f.mul),
  elementwise('mul: with itself', (x) => f.mul(x, x)),
  elementwise('neg', f.neg),
  row('pad', (extent) =>
    blocks(extent).map(({ shape, start, end }) => {
      const padding = start.map((before, axis) => [before, end[axis] as number] as const);
      return opCase([real(shape)], (x) => f.pad(x, padding, -1.5), { padding });
    }),
  ),
  broadcasting('pow', f.pow, positive, real),
  row('pow: to the power 0', (extent) =>
    shapesOf(extent).map((shape) => opCase([positive(shape), real(shape, 0, 0)], f.pow)),
  ),
  elementwise('pow: to a number', (x) => f.pow(x, 1.7), positive),
  elementwise('pow: of a number', (x) => f.pow(1.7, x)),
  elementwise('relu', f.relu, spaced),
  row('reshape', (extent) =>
    orders(extent).map(({ shape, axes }) => {
      const to = axes.map((axis) => shape[axis] as number);
      return opCase([real(shape)], (x) => f.reshape(x, to), { to });
    }),
  ),
  row('rmsNorm', (extent) =>
    shapesOf(extent, 1).map((shape) =>
      opCase([real(shape), real(shape.slice(-1))], (x, weight) => f.rmsNorm(x, weight, { epsilon: 0.1 })),
    ),
  ),
  row('rmsNorm: alone', (extent) =>
    shapesOf(extent, 1).map((shape) => opCase([real(shape)], (x) => f.rmsNorm(x, undefined, { epsilon: 0.1 }))),
  ),
  elementwise('rsqrt', f.rsqrt, positive),
  elementwise('sigmoid', f.sigmoid),
  elementwise('sign', f.sign, spaced),
  elementwise('silu', f.silu),
  row('slice', (extent) =>
    blocks(extent).map(({ shape, start, end }) => opCase([real(shape)], (x) => f.slice(x, start, end), { start, end })),
  ),
  alongAxis('softmax', (x, axis) => f.softmax(x, { axis })),
  row('split', (extent) =>
    fc.tuple(shapeAndAxis(extent), extent, extent).map(([{ shape, axis }, ...parts]) =>
      opCase(
        [real(shape.with(axis, parts[0] + parts[1]))],
        (x) => {
          const [first, second] = f.split(x, parts, axis) as [Tensor, Tensor];
          return f.concat([f.square(second), first], axis);
        },
        { axis, parts },
      ),
    ),
  ),
  elementwise('sqrt', f.sqrt, positive),
  elementwise('square', f.square),
  elementwise('squeeze', (x) => f.squeeze(x)),
  row('stack', (extent) =>
    fc
      .tuple(shapeAndAxis(extent), fc.integer({ min: 1, max: 3 }))
      .map(([{ shape, axis }, count]) =>
        opCase(new Array(count).fill(real(shape)), (...parts) => f.stack(parts, axis), { axis }),
      ),
  ),
  broadcasting('sub', f.sub),
  elementwise('sub: from a number', (x) => f.sub(1, x)),
  reducing('sum', f.sum),
  row('takeAlong', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), fc.integer({ min: 1, max: 4 }))
      .map(([rows, columns]) =>
        opCase([real([...rows, columns]), ids(rows, columns)], (x, at) => f.takeAlong(x as Tensor, at as Tensor)),
      ),
  ),
  elementwise('tanh', f.tanh),
  row('topK', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), extent, extent)
      .map(([leading, k, more]) => opCase([spaced([...leading, k + more])], (x) => f.topK(x, k).values, { k })),
  ),
  row('transpose', (extent) =>
    orders(extent).map(({ shape, axes }) => opCase([real(shape)], (x) => f.transpose(x, axes), { axes })),
  ),
  elementwise('transpose: the last two axes', (x) => f.transpose(x)),
  row('tril', (extent) =>
    fc
      .tuple(shapesOf(extent, 2), fc.integer({ min: -2, max: 2 }))
      .map(([shape, k]) => opCase([real(shape)], (x) => f.tril(x, k), { k })),
  ),
  row('unsqueeze', (extent) =>
    shapeAndAxis(extent).map(({ shape, axis }) => opCase([real(shape)], (x) => f.unsqueeze(x, axis), { axis })),
  ),
  reducing('variance: biased', (x, options) => f.variance(x, { ...options, correction: 0 })),
  row('variance', (extent) =>
    fc.tuple(extent, extent).map((shape) => opCase([real([...shape, 3])], (x) => f.variance(x, { axis: [0, -1] }))),
  ),
  row('where', (extent) =>
    broadcastShapesOf(extent, 3).map(([condition, a, b]) =>
      opCase([ids(condition as f.Shape, 2), real(a as f.Shape), real(b as f.Shape)], f.where),
    ),
  ),
  ...attentionRows,
  ...images,
  ...order,
];

/**
 * Powers of two that fit beside all that is summed up inside: products of two inputs (60) or of three (40), or products and a
 * bias, of which each must keep its bits (16). The gradient of attention knows one number a query, ln Σ exp(scores):
 * beside large scores the digits of the sum are lost.
 */
const reaches: Record<string, number> = {
  attention: 0,
  selfAttention: 0,
  conv2d: 16,
  einsum: 40,
  layerNorm: 60,
  linear: 16,
  matmul: 40,
  rmsNorm: 60,
};

/** The name of the op that a row is about. */
export const opOf = ({ name }: OpRow): string => name.split(':')[0] as string;

const withReach = everyRow.map((row) => ({ ...row, reach: row.reach ?? reaches[opOf(row)] ?? 120 }));

/** Functions that are made of public ops and have no derivative, kernel or memory of their own. */
const composed = new Set([
  'at',
  'conv1d',
  'diag',
  'elu',
  'huber',
  'klDivergence',
  'leakyRelu',
  'mish',
  'nll',
  'norm',
  'outer',
  'prod',
  'reciprocal',
  'repeat',
  'roll',
  'rotary',
  'scatter',
  'sort',
  'std',
  'tile',
  'triu',
]);

/** Ops that owe every law themselves. */
export const rows: OpRow[] = withReach.filter((row) => !composed.has(opOf(row)));

/**
 * Ops that call kernels which nothing else calls. The others find theirs in the rows of these, or, as `sin`, in the laws of
 * backends: on drivers of GPUs, where a law takes a second, these alone are asked everything.
 */
export const kernelRows: OpRow[] = rows.filter(
  ({ name }) => ![...attentionRows, ...elementwiseRows, ...images, ...order].some((row) => row.name === name),
);

/** Rows of the functions that owe `lawsOfComposed`. */
export const composedRows: OpRow[] = [...withReach.filter((row) => composed.has(opOf(row))), ...wholeRows];
