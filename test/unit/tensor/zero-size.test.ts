import { describe, expect, it } from 'vitest';
import * as f from '../../../src/index';
import * as ops from '../../../src/tensor/ops';

type Tensor = f.Tensor;
const { zeros } = f;
const ids = (...values: number[]): Tensor => f.tensor(values, { dtype: 'int32' });
const key = f.random.key(0);

const ofOne: Record<string, (x: Tensor) => Tensor> = {
  abs: f.abs,
  erf: f.erf,
  exp: f.exp,
  gelu: f.gelu,
  log: f.log,
  neg: f.neg,
  relu: f.relu,
  rsqrt: f.rsqrt,
  sigmoid: f.sigmoid,
  sign: f.sign,
  silu: f.silu,
  sqrt: f.sqrt,
  square: f.square,
  tanh: f.tanh,
  softmax: f.softmax,
  logSoftmax: f.logSoftmax,
  layerNorm: f.layerNorm,
  rmsNorm: f.rmsNorm,
  clone: f.clone,
  stopGradient: f.stopGradient,
  tril: f.tril,
  triu: f.triu,
  sin: f.sin,
  cos: f.cos,
  tan: f.tan,
  floor: f.floor,
  ceil: f.ceil,
  round: f.round,
  reciprocal: f.reciprocal,
  log1p: f.log1p,
  expm1: f.expm1,
  softplus: f.softplus,
  leakyRelu: f.leakyRelu,
  elu: f.elu,
  mish: f.mish,
  isNaN: f.isNaN,
  isFinite: f.isFinite,
  logicalNot: f.logicalNot,
};
const ofTwo: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  add: f.add,
  sub: f.sub,
  mul: f.mul,
  div: f.div,
  pow: f.pow,
  maximum: f.maximum,
  minimum: f.minimum,
  equal: f.equal,
  less: f.less,
  lessEqual: f.lessEqual,
  greater: f.greater,
  greaterEqual: f.greaterEqual,
  notEqual: f.notEqual,
  logicalAnd: f.logicalAnd,
  logicalOr: f.logicalOr,
  atan2: f.atan2,
  mod: f.mod,
  'add: int32': (x, y) => f.add(f.cast(x, 'int32'), f.cast(y, 'int32')),
};

/** Every op as a function of a tensor without elements, the shape of that tensor, and the shape that comes out. */
const rows: Record<string, [run: (x: Tensor) => Tensor, from: number[], to: number[]]> = {
  ...Object.fromEntries(Object.entries(ofOne).map(([name, op]) => [name, [(x) => op(x), [0, 3], [0, 3]]])),
  ...Object.fromEntries(
    Object.entries(ofTwo).map(([name, op]) => [name, [(x) => op(x, f.ones([2, 1, 3])), [0, 3], [2, 0, 3]]]),
  ),
  all: [(x) => f.all(x, { axis: 0 }), [0, 3], [3]],
  any: [(x) => f.any(x, { axis: 0 }), [0, 3], [3]],
  argmax: [(x) => f.argmax(x, { axis: 1 }), [0, 3], [0]],
  argmin: [(x) => f.argmin(x, { axis: 1 }), [0, 3], [0]],
  argsort: [(x) => f.argsort(x, { axis: 0 }), [0, 3], [0, 3]],
  at: [(x) => f.at(x, 1), [3, 0], [0]],
  attention: [(x) => f.attention(x, f.ones([5, 3]), f.ones([5, 2]), { causal: true }), [0, 3], [0, 2]],
  broadcastTo: [(x) => f.broadcastTo(x, [4, 0, 3]), [0, 3], [4, 0, 3]],
  cast: [(x) => f.cast(x, 'int32'), [0, 3], [0, 3]],
  clip: [(x) => f.clip(x, -1, 1), [0, 3], [0, 3]],
  concat: [(x) => f.concat([x, x], 1), [0, 3], [0, 6]],
  conv2d: [(x) => f.conv2d(x, f.ones([2, 3, 2, 2]), f.ones([2]), { padding: 1 }), [0, 3, 4, 4], [0, 2, 5, 5]],
  conv1d: [(x) => f.conv1d(x, f.ones([2, 3, 2]), f.ones([2]), { padding: 1 }), [0, 3, 4], [0, 2, 5]],
  convTranspose2d: [(x) => f.convTranspose2d(x, f.ones([3, 2, 2, 2]), f.ones([2])), [0, 3, 4, 4], [0, 2, 5, 5]],
  maxPool: [(x) => f.maxPool(x, 2, { padding: 1 }), [0, 3, 4, 4], [0, 3, 3, 3]],
  avgPool: [(x) => f.avgPool(x, 2, { padding: 1 }), [0, 3, 4, 4], [0, 3, 3, 3]],
  bceWithLogits: [(x) => f.bceWithLogits(x, x), [0, 3], []],
  huber: [(x) => f.huber(x, x), [0, 3], []],
  klDivergence: [(x) => f.klDivergence(x, x), [0, 3], []],
  nll: [(x) => f.nll(x, ids()), [0, 3], []],
  crossEntropy: [(x) => f.crossEntropy(x, ids()), [0, 3], []],
  cumsum: [(x) => f.cumsum(x, { axis: 0 }), [0, 3], [0, 3]],
  diag: [(x) => f.diag(x), [0], [0, 0]],
  dropout: [(x) => f.dropout(x, 0.5, key), [0, 3], [0, 3]],
  roundStochastically: [(x) => f.roundStochastically(x, { step: 0.5, key }), [0, 3], [0, 3]],
  einsum: [(x) => f.einsum('ij,kj->kj', x, f.ones([2, 3])), [0, 3], [2, 3]],
  flip: [(x) => f.flip(x, [0, 1]), [0, 3], [0, 3]],
  gather: [(x) => f.gather(x, ids()), [0, 3], [0, 3]],
  takeAlong: [(x) => f.takeAlong(x, ids()), [0, 3], [0]],
  linear: [(x) => f.linear(x, f.ones([2, 3]), f.ones([2])), [0, 3], [0, 2]],
  selfAttention: [(x) => f.selfAttention(x, 2, { causal: true }), [3, 0, 12], [3, 0, 4]],
  rotary: [(x) => f.rotary(x, { offset: 2 }), [3, 0, 4], [3, 0, 4]],
  logSumExp: [(x) => f.logSumExp(x, { axis: 1 }), [0, 3], [0]],
  matmul: [(x) => f.matmul(f.ones([2, 0]), x), [0, 3], [2, 3]],
  max: [(x) => f.max(x, { axis: 1 }), [0, 3], [0]],
  min: [(x) => f.min(x, { axis: 1 }), [0, 3], [0]],
  mean: [(x) => f.mean(x, { axis: 0 }), [0, 3], [3]],
  norm: [(x) => f.norm(x, { axis: 0 }), [0, 3], [3]],
  oneHot: [(x) => f.oneHot(f.cast(x, 'int32'), 4), [0, 3], [0, 3, 4]],
  outer: [(x) => f.outer(x, f.ones([2])), [0], [0, 2]],
  prod: [(x) => f.prod(x, { axis: 0 }), [0, 3], [3]],
  repeat: [(x) => f.repeat(x, 2, 0), [0, 3], [0, 3]],
  roll: [(x) => f.roll(x, 1, 0), [0, 3], [0, 3]],
  scatter: [(x) => f.scatter(x, ids(), zeros([0, 3])), [0, 3], [0, 3]],
  mseLoss: [(x) => f.mseLoss(x, x), [0, 3], []],
  pad: [
    (x) =>
      f.pad(x, [
        [1, 1],
        [0, 0],
      ]),
    [0, 3],
    [2, 3],
  ],
  reshape: [(x) => f.reshape(x, [3, 0, 5]), [0, 3], [3, 0, 5]],
  slice: [(x) => f.slice(x, [0, 1], [0, 3]), [0, 3], [0, 2]],
  sort: [(x) => f.sort(x, { axis: 0 }).values, [0, 3], [0, 3]],
  std: [(x) => f.std(x, { axis: 0 }), [0, 3], [3]],
  tile: [(x) => f.tile(x, [2, 3]), [0, 3], [0, 9]],
  split: [(x) => f.split(x, 3, 1)[2] as Tensor, [0, 3], [0, 1]],
  squeeze: [(x) => f.squeeze(x), [0, 1], [0]],
  stack: [(x) => f.stack([x, x]), [0, 3], [2, 0, 3]],
  sum: [(x) => f.sum(x, { axis: 0 }), [0, 3], [3]],
  topK: [(x) => f.topK(x, 2).values, [0, 3], [0, 2]],
  transpose: [(x) => f.transpose(x), [0, 3], [3, 0]],
  unsqueeze: [(x) => f.unsqueeze(x, 0), [0, 3], [1, 0, 3]],
  variance: [(x) => f.variance(x, { axis: 0 }), [0, 3], [3]],
  where: [(x) => f.where(f.greater(x, 0), x, 1), [0, 3], [0, 3]],
};
/** More of them, where the axis that an op works on is the empty one. */
const along: typeof rows = {
  softmax: [f.softmax, [3, 0], [3, 0]],
  logSoftmax: [f.logSoftmax, [3, 0], [3, 0]],
  layerNorm: [(x) => f.layerNorm(x, zeros([0]), zeros([0])), [3, 0], [3, 0]],
  rmsNorm: [(x) => f.rmsNorm(x, zeros([0])), [3, 0], [3, 0]],
  cumsum: [(x) => f.cumsum(x, { axis: 1 }), [3, 0], [3, 0]],
  topK: [(x) => f.topK(x, 0).values, [3, 0], [3, 0]],
  logSumExp: [f.logSumExp, [3, 0], []],
  gather: [(x) => f.gather(x, ids(2, 1)), [3, 0], [2, 0]],
  attention: [(x) => f.attention(f.ones([2, 4]), x, x), [0, 4], [2, 4]],
  einsum: [(x) => f.einsum('ii,i->', x, zeros([0])), [0, 0], []],
  conv2d: [(x) => f.conv2d(x, f.ones([2, 0, 2, 2]), f.ones([2])), [1, 0, 3, 3], [1, 2, 2, 2]],
  convTranspose2d: [(x) => f.convTranspose2d(x, f.ones([0, 2, 2, 2]), f.ones([2])), [1, 0, 2, 2], [1, 2, 3, 3]],
  maxPool: [(x) => f.maxPool(x, 2), [1, 0, 4, 4], [1, 0, 2, 2]],
  avgPool: [(x) => f.avgPool(x, 2), [1, 0, 4, 4], [1, 0, 2, 2]],
  matmul: [(x) => f.matmul(x, zeros([0])), [3, 0], [3]],
  tril: [f.tril, [2, 3, 0], [2, 3, 0]],
  triu: [f.triu, [2, 3, 0], [2, 3, 0]],
  all: [f.all, [3, 0], []],
  argsort: [f.argsort, [3, 0], [3, 0]],
  diag: [(x) => f.diag(x, -3), [2, 0], [0]],
  'diag: beside the matrix': [(x) => f.diag(x, 2), [0], [2, 2]],
  outer: [(x) => f.outer(f.ones([2]), x), [0], [2, 0]],
  norm: [f.norm, [3, 0], []],
  prod: [f.prod, [3, 0], []],
  repeat: [(x) => f.repeat(x, 0, 0), [3], [0]],
  roll: [(x) => f.roll(x, 1, 1), [3, 0], [3, 0]],
  scatter: [(x) => f.scatter(x, ids(2, 1), zeros([2, 0])), [3, 0], [3, 0]],
  'scatter: add': [(x) => f.scatter(x, ids(), zeros([0, 3]), { mode: 'add' }), [0, 3], [0, 3]],
  sort: [(x) => f.sort(x).values, [3, 0], [3, 0]],
  takeAlong: [(x) => f.takeAlong(x, f.tensor(new Int32Array(0), { shape: [3, 0] })), [3, 2], [3, 0]],
  tile: [(x) => f.tile(x, [0]), [2, 3], [2, 0]],
  split: [(x) => f.split(x, [0, 0], 0)[1] as Tensor, [0, 3], [0, 3]],
};

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)('tensors without elements on %s', (_, create) => {
  const cases = [...Object.entries(rows), ...Object.entries(along)].map(([name, row]) => [name, ...row] as const);
  it.each(cases)('%s', (_, run, from, to) => {
    f.setBackend(create());
    expect(run(zeros(from)).shape).toEqual(to);
    expect(run(zeros(from)).dataSync().length).toBe(to.reduce((a, b) => a * b, 1));
    if (run(zeros(from)).dtype === 'float32') {
      const loss = (x: Tensor): Tensor => f.sum(f.square(run(x)));
      expect(f.grad(loss)(zeros(from)).shape).toEqual(from);
      expect(f.hvp(loss)(zeros(from), zeros(from)).shape).toEqual(from);
    }
    expect(f.memory()).toMatchObject({ tensors: 0, bytes: 0 });
    f.setBackend(f.wasmBackend());
  });

  it('has a row for every op', () => {
    const makers = ['arange', 'eye', 'full', 'linspace', 'ones', 'random', 'tensor', 'zeros'];
    const names = Object.keys(ops).filter((name) => !makers.includes(name));
    expect(names.filter((name) => !(name in rows))).toEqual([]);
    expect(makers.map((name) => name in ops)).not.toContain(false);
    expect(
      [
        f.zeros([0]),
        f.eye(0),
        f.arange(0),
        f.linspace(0, 1, 0),
        f.random.normal(key, [0, 3]),
        f.random.permutation(key, 0),
      ].map((x) => x.size),
    ).toEqual([0, 0, 0, 0, 0, 0]);
    expect(f.random.integers(key, [2, 0], { high: 3 }).shape).toEqual([2, 0]);
    expect(f.random.bernoulli(key, [0, 2], 0.5).shape).toEqual([0, 2]);
    expect(f.random.categorical(key, zeros([0, 2])).shape).toEqual([0]);
  });
});
