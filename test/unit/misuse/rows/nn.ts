import {
  AvgPool,
  BatchNorm,
  buffer,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  CrossAttention,
  Dropout,
  Embedding,
  FeedForward,
  GPT,
  GRU,
  GroupNorm,
  KeyValueCache,
  LayerNorm,
  LSTM,
  MaxPool,
  MLP,
  type Module,
  MultiHeadAttention,
  RMSNorm,
  random,
  Sequential,
  SwiGLU,
  sgd,
  TransformerBlock,
  trainer,
  zeros,
} from '../../../../src/index';
import { method, type Row, row } from '../harness';
import { everything, floats, functions, type KindName, nothing, options, tensors } from '../kinds';
import { int32, Linear, ones, type Tensor } from '../library';

// Layers: how they are made and what they are called with. A wrong shape is seen by the op that meets it.

const key = () => random.key(5);
const shapes: readonly KindName[] = ['[]', '[1]'];
const keyed = () => ({ key: key() });

const constructors: readonly Row[] = [
  row('new Linear', () => [3, 2, keyed()], [nothing, nothing, nothing]),
  row('new MultiHeadAttention', () => [4, 2, keyed()], [nothing, nothing, nothing]),
  row('new CrossAttention', () => [4, 2, keyed()], [nothing, nothing, nothing]),
  row('new SwiGLU', () => [4, keyed()], [nothing, nothing]),
  row('new KeyValueCache', () => [], []),
  row('new Conv2d', () => [2, 3, 2, keyed()], [nothing, nothing, nothing, nothing]),
  row('new Conv1d', () => [2, 3, 2, keyed()], [nothing, nothing, nothing, nothing]),
  row('new ConvTranspose2d', () => [2, 3, 2, keyed()], [nothing, nothing, nothing, nothing]),
  ...['new MaxPool', 'new AvgPool'].map((name) => row(name, () => [2, { stride: 1 }], [nothing, options])),
  row('new BatchNorm', () => [3, { epsilon: 0.1 }], [nothing, options]),
  row('new GroupNorm', () => [1, 3, { epsilon: 0.1 }], [nothing, nothing, options]),
  row('new Dropout', () => [0.5], [['0']]),
  row('new Embedding', () => [3, 2, keyed()], [nothing, nothing, nothing]),
  row('new GPT', () => [{ vocabularySize: 5, context: 4, width: 4, heads: 2, layers: 1, key: key() }], [nothing]),
  row('new GRU', () => [3, 2, keyed()], [nothing, nothing, nothing]),
  row('new LSTM', () => [3, 2, keyed()], [nothing, nothing, nothing]),
  row('new LayerNorm', () => [3, { epsilon: 0.1 }], [nothing, options]),
  row('new RMSNorm', () => [3, { epsilon: 0.1 }], [nothing, options]),
  row('new MLP', () => [{ sizes: [2, 3], key: key() }], [nothing]),
  row('new Sequential', () => [[new Dropout(0.5)]], [['[]']]),
  row('new FeedForward', () => [4, keyed()], [nothing, nothing]),
  row('new TransformerBlock', () => [4, 2, keyed()], [nothing, nothing, nothing]),
];

/** The layer itself, or the op that sees what is wrong with a shape or a dtype. */
function forward(
  layer: string,
  make: () => Module,
  x: () => Tensor,
  accepts: Row['accepts'][0],
  ...ops: string[]
): Row {
  const name = `${layer}.forward`;
  const called = [name, ...ops];
  return method(name, () => [make(), x(), {}], [accepts, options], { called });
}

const gpt = () => new GPT({ vocabularySize: 5, context: 4, width: 4, heads: 2, layers: 1, key: key() });

const forwards: readonly Row[] = [
  forward(
    'Linear',
    () => new Linear(3, 2, keyed()),
    () => ones([4, 3]),
    nothing,
    'linear',
  ),
  forward(
    'MultiHeadAttention',
    () => new MultiHeadAttention(4, 2, keyed()),
    () => ones([1, 3, 4]),
    nothing,
    'linear',
  ),
  method(
    'CrossAttention.forward',
    () => [new CrossAttention(4, 2, keyed()), ones([1, 3, 4]), ones([1, 2, 4]), {}],
    [nothing, nothing, options],
    { called: ['CrossAttention.forward', 'linear'] },
  ),
  forward(
    'SwiGLU',
    () => new SwiGLU(4, keyed()),
    () => ones([2, 4]),
    nothing,
    'linear',
  ),
  forward(
    'Conv2d',
    () => new Conv2d(2, 3, 2, keyed()),
    () => ones([1, 2, 4, 4]),
    nothing,
    'conv2d',
  ),
  forward(
    'Conv1d',
    () => new Conv1d(2, 3, 2, keyed()),
    () => ones([1, 2, 4]),
    nothing,
    'conv1d',
  ),
  forward(
    'ConvTranspose2d',
    () => new ConvTranspose2d(2, 3, 2, keyed()),
    () => ones([1, 2, 4, 4]),
    nothing,
    'convTranspose2d',
  ),
  forward(
    'MaxPool',
    () => new MaxPool(2),
    () => ones([1, 2, 4, 4]),
    nothing,
    'maxPool',
  ),
  forward(
    'AvgPool',
    () => new AvgPool(2),
    () => ones([1, 2, 4, 4]),
    nothing,
    'avgPool',
  ),
  forward(
    'BatchNorm',
    () => new BatchNorm(3),
    () => ones([4, 3]),
    nothing,
    'sub',
  ),
  forward(
    'GroupNorm',
    () => new GroupNorm(1, 3),
    () => ones([4, 3]),
    nothing,
    'layerNorm',
  ),
  forward(
    'Dropout',
    () => new Dropout(0.5),
    () => ones([3]),
    tensors,
  ),
  forward(
    'Embedding',
    () => new Embedding(3, 2, keyed()),
    () => int32([0, 2]),
    ['int32'],
    'gather',
  ),
  forward(
    'GRU',
    () => new GRU(3, 2, keyed()),
    () => ones([1, 4, 3]),
    nothing,
  ),
  forward(
    'LSTM',
    () => new LSTM(3, 2, keyed()),
    () => ones([1, 4, 3]),
    nothing,
  ),
  forward('GPT', gpt, () => int32([0, 1, 2, 3], [2, 2]), nothing, 'GPT'),
  forward(
    'LayerNorm',
    () => new LayerNorm(3),
    () => ones([4, 3]),
    nothing,
    'layerNorm',
  ),
  forward(
    'RMSNorm',
    () => new RMSNorm(3),
    () => ones([4, 3]),
    nothing,
    'rmsNorm',
  ),
  forward(
    'MLP',
    () => new MLP({ sizes: [3, 2], key: key() }),
    () => ones([4, 3]),
    nothing,
    'linear',
  ),
  forward(
    'Sequential',
    () => new Sequential([new Linear(3, 2, keyed())]),
    () => ones([4, 3]),
    nothing,
    'linear',
  ),
  forward(
    'FeedForward',
    () => new FeedForward(4, keyed()),
    () => ones([2, 4]),
    nothing,
    'linear',
  ),
  forward(
    'TransformerBlock',
    () => new TransformerBlock(4, 2, keyed()),
    () => ones([1, 3, 4]),
    nothing,
    'layerNorm',
  ),
];

const model = () => new Linear(2, 2, keyed());
const cache = () => new KeyValueCache();
const heads = () => ones([1, 2, 3, 4]);

const text: readonly Row[] = [
  method('KeyValueCache.extend', () => [cache(), model(), heads(), heads()], [['module'], floats, floats]),
  method('KeyValueCache.advance', () => [cache(), 1], [['0']]),
  method('KeyValueCache.reset', () => [cache()], []),
  method('GPT.cache', () => [gpt()], []),
  row('generate', () => [gpt(), { prompt: [0], key: key() }], [nothing, nothing]),
];

const modules: readonly Row[] = [
  method('Module.parameters', () => [model(), { trainable: true }], [options]),
  method('Module.state', () => [model()], []),
  method('Module.freeze', () => [model(), 'weight'], [nothing], { called: ['freeze', 'match'] }),
  method('Module.unfreeze', () => [model(), 'weight'], [nothing], { called: ['unfreeze', 'match'] }),
  method('Module.load', () => [model(), { weight: zeros([2, 2]), bias: zeros([2]) }, {}], [nothing, options]),
];

const inits: readonly Row[] = [
  row('initializers.uniform', () => [key(), [2], 0.5], [nothing, shapes, ['0', '1.5', '2**53']]),
  row('initializers.normal', () => [key(), [2], 0.5], [nothing, shapes, ['0', '1.5', '2**53']]),
  ...['xavierUniform', 'xavierNormal', 'kaimingUniform', 'kaimingNormal'].map((name) =>
    row(`initializers.${name}`, () => [key(), [2, 3], {}], [nothing, nothing, options]),
  ),
  row('initializers.truncatedNormal', () => [key(), [2], {}], [nothing, shapes, options]),
];

const training = () => ({
  params: { w: ones([2]) },
  transform: sgd({ learningRate: 0.1 }),
  loss: () => ones([2]).sum(),
  seed: 0,
});
const marked = () => buffer(zeros([2]));

export const nnRows: readonly Row[] = [
  ...constructors,
  ...forwards,
  ...modules,
  ...text,
  ...inits,
  row('lozo', () => [{ learningRate: 0.1 }], [[]]),
  row('trainer', () => [training()], [nothing]),
  method('trainer().step', () => [trainer(training()), 'a batch'], [everything]),
  row('buffer', () => [zeros([2])], [tensors]),
  row('updateBuffer', () => [marked(), (x: Tensor) => x], [nothing, functions]),
  row('summary', () => [model()], [['module']]),
  row('yieldToEventLoop', () => [{ every: 1e9 }], [options], { asynchronous: true }),
];
