import { keep, random } from '../../../../src/index';
import { method, type Row, row } from '../harness';
import { but, floats, type KindName, left, nothing, numbers, options, tensors } from '../kinds';
import { int32, ones, type Tensor, tensor } from '../library';

// Makers of tensors, ops, and the methods of the same names.

const shapes: readonly KindName[] = ['[]', '[1]'];
const x = (): Tensor => tensor([0.25, 0.5, 0.75, 1, 2, 3], { shape: [2, 3] });
const key = () => random.key(1);
const operand: readonly KindName[] = numbers;
const ends = but(numbers, 'NaN', 'Infinity');
const ids = (): Tensor => int32([0, 1, 1]);

const creation: readonly Row[] = [
  row('tensor', () => [[1, 2], { dtype: 'float32' }], [
    [...numbers, '[]', '[1]', '[1.5]', 'Float32Array', 'Float64Array'],
    options,
  ]),
  row('zeros', () => [[2, 3]], [shapes]),
  row('ones', () => [[2, 3]], [shapes]),
  row('full', () => [[2, 3], 7], [shapes, numbers]),
  row('arange', () => [5], [['0']]),
  row('eye', () => [3], [['0']]),
  row('linspace', () => [0, 1, 5], [ends, ends, ['0']]),
  row('random.key', () => [7], [['0', '-1']]),
  row('random.fold', () => [key(), 'dropout'], [nothing, ['0', '-1', "''", "'x'"]], { variadic: true }),
  row('random.normal', () => [key(), [2]], [nothing, shapes]),
  row('random.uniform', () => [key(), [2]], [nothing, shapes]),
  row('random.rademacher', () => [key(), [2]], [nothing, shapes]),
  row('random.integers', () => [key(), [2], { high: 6 }], [nothing, shapes, nothing], {
    options: { low: ['undefined', '0', '-1'], high: nothing },
  }),
  row('random.bernoulli', () => [key(), [2], 0.5], [nothing, shapes, ['0']]),
  row('random.categorical', () => [key(), x()], [nothing, floats]),
  row('random.permutation', () => [key(), 5], [nothing, ['0']]),
];

const unary = ['abs', 'erf', 'exp', 'log', 'neg', 'relu', 'rsqrt', 'sigmoid', 'sign', 'silu', 'sqrt', 'square', 'tanh'];
const binary = ['add', 'div', 'maximum', 'minimum', 'mul', 'pow', 'sub'];
const comparisons = ['equal', 'greater', 'greaterEqual', 'less', 'lessEqual'];
/** Functions that are no methods. */
const rareUnary = ['ceil', 'cos', 'expm1', 'floor', 'log1p', 'mish', 'reciprocal', 'round', 'sin', 'softplus', 'tan'];
const ofAnyDtype = ['isFinite', 'isNaN', 'logicalNot'];
const reductions = ['logSumExp', 'max', 'mean', 'min', 'norm', 'prod', 'std', 'sum', 'variance'];
const axis: readonly KindName[] = ['undefined', '0', '-1'];
const switches: readonly KindName[] = ['undefined', 'true', 'false'];
const correction: readonly KindName[] = ['undefined', '0', '-1', '1.5', '2**53'];
const epsilon: readonly KindName[] = ['undefined', '0', '1.5', '2**53'];

const ops: readonly Row[] = [
  ...unary.map((name) => row(name, () => [x()], [floats])),
  ...binary.map((name) => row(name, () => [x(), ones([3])], [operand, operand])),
  ...comparisons.map((name) => row(name, () => [x(), ones([3])], [operand, operand])),
  ...rareUnary.map((name) => row(name, () => [x()], [floats])),
  ...ofAnyDtype.map((name) => row(name, () => [x()], [tensors])),
  ...['atan2', 'mod', 'notEqual'].map((name) => row(name, () => [x(), ones([3])], [operand, operand])),
  ...['logicalAnd', 'logicalOr'].map((name) => row(name, () => [x(), ones([3])], [['int32'], ['int32']])),
  row('elu', () => [x(), { alpha: 2 }], [floats, options], { options: { alpha: correction } }),
  row('leakyRelu', () => [x(), { slope: 0.1 }], [floats, options], { options: { slope: correction } }),
  ...reductions.map((name) =>
    row(name, () => [x(), { axis: 0 }], [floats, options], {
      options: {
        axis: ['undefined', '0', '-1', '[]', '[1]'],
        keepDims: switches,
        ...((name === 'variance' || name === 'std') && { correction }),
        ...(name === 'norm' && { p: ['undefined', 'Infinity'] as const }),
      },
    }),
  ),
  ...['argmax', 'argmin'].map((name) =>
    row(name, () => [x(), { axis: 0 }], [floats, options], { options: { axis, keepDims: switches } }),
  ),
  ...['all', 'any'].map((name) =>
    row(name, () => [x(), { axis: 0 }], [tensors, options], {
      options: { axis: ['undefined', '0', '-1', '[]', '[1]'], keepDims: switches },
    }),
  ),
  ...['argsort', 'sort'].map((name) =>
    row(name, () => [x(), { axis: 0 }], [floats, options], { options: { axis, descending: switches } }),
  ),
  row('at', () => [x(), 0], [tensors, ['0', '-1']], { variadic: true }),
  row('diag', () => [x(), 0], [floats, ['undefined', '0', '-1']]),
  row('flip', () => [x(), 0], [tensors, ['0', '-1', '[]', '[1]']]),
  row('oneHot', () => [int32([]), 2], [['int32'], ['0']]),
  row('outer', () => [ones([2]), ones([3])], [nothing, nothing]),
  row('repeat', () => [x(), 2, 0], [tensors, ['0'], ['0', '-1']]),
  row('roll', () => [x(), 2, 0], [tensors, ['0', '-1'], ['0', '-1']]),
  row('scatter', () => [ones([2, 2]), ids(), ones([3, 2]), {}], [nothing, ['int32'], nothing, options], {
    options: { mode: left },
  }),
  row('tile', () => [x(), [2, 3]], [tensors, ['[]', '[1]']]),
  row('attention', () => [ones([4, 2]), ones([6, 2]), ones([6, 3]), { causal: true }], [
    nothing,
    nothing,
    nothing,
    options,
  ]),
  row('selfAttention', () => [ones([1, 4, 12]), 2, {}], [nothing, nothing, options], {
    options: { causal: switches, scale: correction },
  }),
  row('rotary', () => [ones([3, 4]), {}], [nothing, options], {
    options: { base: ['undefined', '1.5', '2**53'], offset: ['undefined', '0'] },
  }),
  row('broadcastTo', () => [ones([3]), [2, 3]], [['int32'], nothing]),
  row('cast', () => [x(), 'int32'], [tensors, nothing]),
  row('clip', () => [x(), 0, 1], [floats, but(numbers, 'NaN'), but(numbers, 'NaN')]),
  row('clone', () => [x()], [tensors]),
  row('stopGradient', () => [x()], [tensors]),
  row('concat', () => [[x(), x()], 0], [['[tensor]'], ['undefined', '0', '-1']]),
  row('stack', () => [[x(), x()], 0], [['[tensor]'], ['undefined', '0', '-1']]),
  row('conv2d', () => [ones([1, 2, 4, 4]), ones([3, 2, 2, 2]), ones([3]), { stride: 2 }], [
    nothing,
    nothing,
    left,
    options,
  ]),
  row('conv1d', () => [ones([1, 2, 4]), ones([3, 2, 2]), ones([3]), { stride: 2 }], [nothing, nothing, left, options]),
  row('convTranspose2d', () => [ones([1, 2, 4, 4]), ones([2, 3, 2, 2]), ones([3]), { stride: 2 }], [
    nothing,
    nothing,
    left,
    options,
  ]),
  ...['maxPool', 'avgPool'].map((name) =>
    row(name, () => [ones([1, 2, 4, 4]), 2, { stride: 1 }], [nothing, nothing, options]),
  ),
  row('crossEntropy', () => [ones([3, 4]), ids(), { labelSmoothing: 0.1 }], [nothing, ['int32'], options], {
    options: { labelSmoothing: ['undefined', '0'], ignoreIndex: ['undefined', '0', '-1'] },
  }),
  row('nll', () => [ones([3, 4]), ids()], [nothing, ['int32']]),
  row('klDivergence', () => [x(), x()], [nothing, nothing]),
  row('huber', () => [x(), x(), { delta: 2 }], [nothing, nothing, options], {
    options: { delta: ['undefined', '1.5', '2**53'] },
  }),
  row('bceWithLogits', () => [x(), x(), { positiveWeight: 2 }], [nothing, nothing, options], {
    options: { positiveWeight: ['undefined', ...numbers] },
  }),
  row('takeAlong', () => [ones([3, 4]), ids(), 1], [nothing, ['int32'], ['undefined', '-1']]),
  row('cumsum', () => [x(), { axis: 0 }], [floats, options], { options: { axis } }),
  row('roundStochastically', () => [x(), { step: 0.5, key: key() }], [floats, nothing], {
    options: { step: ['1.5', '2**53'], key: nothing },
  }),
  row('dropout', () => [x(), 0.5, key()], [floats, ['0'], nothing]),
  row('einsum', () => ['ij,jk->ik', x(), ones([3, 2])], [nothing, nothing, nothing], { variadic: true }),
  row('gather', () => [x(), ids()], [tensors, ['int32']]),
  row('gelu', () => [x(), { exact: true }], [floats, options], { options: { exact: switches } }),
  row('layerNorm', () => [x(), ones([3]), ones([3]), { epsilon: 1e-3 }], [nothing, nothing, left, options], {
    fewest: 1,
    options: { epsilon },
  }),
  row('rmsNorm', () => [x(), ones([3]), { epsilon: 1e-3 }], [nothing, left, options], { options: { epsilon } }),
  row('linear', () => [x(), ones([4, 3]), ones([4])], [nothing, nothing, left]),
  row('matmul', () => [x(), ones([3, 4]), {}], [nothing, nothing, options], {
    options: { transposeA: ['undefined', 'false'], transposeB: ['undefined', 'false'] },
  }),
  row('mseLoss', () => [x(), x()], [nothing, nothing]),
  row(
    'pad',
    () => [
      x(),
      [
        [0, 1],
        [1, 0],
      ],
      2,
    ],
    [['other shape'], nothing, ['undefined', ...numbers]],
  ),
  row('reshape', () => [x(), [3, 2]], [nothing, nothing]),
  row('squeeze', () => [ones([1, 3]), 0], [nothing, ['undefined', '0']]),
  row('unsqueeze', () => [x(), 0], [tensors, ['0', '-1']]),
  row('slice', () => [x(), [0, 1], [1, 2]], [['other shape'], ['[]', '[1]'], ['undefined', '[]', '[1]']]),
  row('split', () => [x(), 2, 0], [nothing, nothing, ['undefined', '0']]),
  row('softmax', () => [x(), { axis: 0 }], [floats, options], { options: { axis } }),
  row('logSoftmax', () => [x(), { axis: 0 }], [floats, options], { options: { axis } }),
  row('topK', () => [x(), 2], [floats, ['0']]),
  row('transpose', () => [x(), [1, 0]], [floats, left]),
  ...['tril', 'triu'].map((name) => row(name, () => [x(), 0], [floats, ['undefined', '0', '-1']])),
  row('where', () => [int32([0, 1, 1]), x(), 0], [['int32'], numbers, numbers]),
  row('linalg.qr', () => [x()], [floats]),
  row('linalg.svd', () => [x(), { rank: 1 }], [floats, options], { options: { rank: left } }),
  row('linalg.eigh', () => [ones([2, 2])], [nothing]),
  row('linalg.rangeFinder', () => [x(), { rank: 1, key: key() }], [floats, nothing], {
    options: { rank: nothing, key: nothing, iterations: ['undefined', '0'] },
  }),
  row('linalg.subspaceIteration', () => [x(), ones([2, 1])], [nothing, nothing], {
    called: ['subspaceIteration', 'matmul'],
  }),
  row('linalg.randomizedSvd', () => [x(), { rank: 1, key: key() }], [floats, nothing], {
    options: { rank: nothing, key: nothing, width: left, iterations: ['undefined', '0'] },
  }),
  row('linalg.orthogonalize', () => [x(), { steps: 2 }], [floats, options], {
    options: { steps: ['undefined', '0'], coefficients: left },
  }),
  row('linalg.inverseRoot', () => [ones([2, 2]), { steps: 2 }], [nothing, options], {
    options: { steps: ['undefined', '0'] },
  }),
];

/** A method of the name of an op takes the op's arguments but the first. */
const methods: readonly Row[] = [...unary, ...binary, ...comparisons, ...reductions]
  .filter((name) => !['norm', 'prod', 'std'].includes(name))
  .concat([
    'argmax',
    'broadcastTo',
    'cast',
    'clip',
    'clone',
    'cumsum',
    'gelu',
    'logSoftmax',
    'matmul',
    'pad',
    'reshape',
  ])
  .concat(['slice', 'softmax', 'squeeze', 'topK', 'transpose', 'tril', 'unsqueeze'])
  .concat('at')
  .map((name) => {
    const { valid, accepts, variadic = false } = ops.find((op) => op.name === name) as Row;
    return method(`Tensor.${name}`, valid, accepts.slice(1), { variadic });
  });

const tensorItself: readonly Row[] = [
  row('new Tensor', () => [x().value], [nothing]),
  method('Tensor.data', () => [keep(x())], [], { asynchronous: true }),
  method('Tensor.item', () => [keep(ones([1]))], [], { asynchronous: true }),
  method('Tensor.array', () => [keep(x()), x().ndim], [left], { asynchronous: true }),
  method('Tensor.dataSync', () => [x()], []),
];

export const tensorRows: readonly Row[] = [...creation, ...ops, ...methods, ...tensorItself];
