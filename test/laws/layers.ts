import fc from 'fast-check';
import * as f from '../../src/index';
import { type Input, ids, type OpRow, opCase, real, spaced } from '../../src/laws';

type Tensor = f.Tensor;

/**
 * A layer as an op of its input and its parameters, so that every law of ops holds it: derivatives match differences, first
 * and second, results agree with the reference on every backend, and nothing stays behind.
 */
function layer(name: string, make: () => f.Module, inputs: readonly Input[], forward?: Forward): OpRow {
  const run: Forward =
    forward ?? ((module, x) => (module as f.Module & { forward(x: Tensor): Tensor }).forward(x as Tensor));
  const parameters = Object.entries(make().parameters());
  const points = [...inputs, ...parameters.map(([, { shape }]) => real(shape, -1, 1))].map(still);
  const of = (...given: Tensor[]): Tensor => {
    const module = make();
    for (const [i, [path]] of parameters.entries()) place(module, path, given[inputs.length + i] as Tensor);
    return run(module, ...given.slice(0, inputs.length));
  };
  // The shapes are those of the layer; the extents that laws draw are not looked at.
  return { name, needsElements: true, reach: 0, cases: () => fc.constant(opCase(points, of)) };
}
type Forward = (module: f.Module, ...inputs: Tensor[]) => Tensor;

/**
 * The same values in every case: where a norm divides by the deviation of numbers that happen to be nearly equal, its second
 * derivative is too large for differences to see. Weights and directions, which laws draw too, do no harm.
 */
const still = (input: Input, i: number): Input => ({ ...input, draw: () => input.draw(i) });

/** Puts a tensor in the place of the parameter with this path. */
function place(module: f.Module, path: string, tensor: Tensor): void {
  const names = path.split('.');
  const last = names.pop() as string;
  const owner = names.reduce<object>((part, name) => Reflect.get(part, name) as object, module);
  Reflect.set(owner, last, tensor);
}

const key = f.random.key(3);
const image = real([2, 2, 4, 3], -1, 1);
const row = real([2, 4], -1, 1);
const sequence = real([2, 3, 4], -1, 1);

/** Every layer and model; a test compares the names with what `src/nn` exports. */
export const layerRows: OpRow[] = [
  layer('Linear', () => new f.Linear(4, 3, { key }), [row]),
  layer('Embedding', () => new f.Embedding(5, 3, { key }), [ids([2, 3], 5)]),
  layer('LayerNorm', () => new f.LayerNorm(4), [row]),
  layer('RMSNorm', () => new f.RMSNorm(4), [row]),
  layer(
    'Dropout',
    () => new f.Dropout(0.4),
    [row],
    (module, x) => (module as f.Dropout).forward(x as Tensor, { key }),
  ),
  layer('Conv2d', () => new f.Conv2d(2, 3, [2, 2], { key, padding: 1 }), [image]),
  layer('MultiHeadAttention', () => new f.MultiHeadAttention(4, 2, { causal: true, key }), [sequence]),
  layer('FeedForward', () => new f.FeedForward(4, { key }), [sequence]),
  layer('TransformerBlock', () => new f.TransformerBlock(4, 2, { causal: true, key }), [sequence]),
  layer('Conv1d', () => new f.Conv1d(4, 2, 2, { key, dilation: 2 }), [real([2, 4, 4], -1, 1)]),
  layer('ConvTranspose2d', () => new f.ConvTranspose2d(2, 2, [2, 1], { key, stride: 2 }), [image]),
  layer('AvgPool', () => new f.AvgPool(2), [image]),
  layer('MaxPool', () => new f.MaxPool(2), [spaced([2, 2, 4, 3])]),
  layer(
    'BatchNorm',
    () => new f.BatchNorm(4),
    [real([5, 4])],
    (module, x) => (module as f.BatchNorm).forward(x as Tensor, { key }),
  ),
  layer('GroupNorm', () => new f.GroupNorm(2, 4), [real([2, 4, 3])]),
  layer(
    'GRU',
    () => new f.GRU(4, 3, { key }),
    [sequence],
    (module, x) => (module as f.GRU).forward(x as Tensor).output,
  ),
  layer(
    'LSTM',
    () => new f.LSTM(4, 3, { key }),
    [sequence],
    (module, x) => (module as f.LSTM).forward(x as Tensor).output,
  ),
  layer(
    'CrossAttention',
    () => new f.CrossAttention(4, 2, { key }),
    [sequence, real([2, 5, 4], -1, 1)],
    (module, x, memory) => (module as f.CrossAttention).forward(x as Tensor, memory as Tensor),
  ),
  layer('SwiGLU', () => new f.SwiGLU(4, { key }), [sequence]),
  layer('Sequential', () => new f.Sequential([new f.Linear(4, 2, { key }), f.tanh]), [row]),
  layer('MLP', () => new f.MLP({ sizes: [4, 5, 2], activation: 'gelu', key }), [row]),
  layer('GPT', () => new f.GPT({ vocabularySize: 5, context: 3, width: 4, heads: 2, layers: 1, key }), [
    ids([2, 3], 5),
  ]),
];
