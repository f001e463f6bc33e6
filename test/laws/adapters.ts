import {
  type Adaptable,
  type Adapter,
  activeAdapter,
  attachAdapters,
  Embedding,
  type ForwardOptions,
  Linear,
  linear,
  lora,
  lors,
  Module,
  prune,
  random,
  type Tensor,
  tensor,
  transpose,
} from '../../src/index';
import { Gated } from '../methods/sora';
import { noiseRows } from './adapter-rows/noise';
import type { Row } from './adapter-rows/row';
import { squareRows } from './adapter-rows/square';
import { startsRows } from './adapter-rows/starts';

/** A layer of a user: y[t] = Σ W[t, u]·x[u] + b[t], it mixes the positions of sequences. */
export class Mixing extends Module implements Adaptable {
  /** [T, T] */
  weight: Tensor;
  /** [T] */
  bias: Tensor;
  lora: Adapter | null = null;

  constructor(length: number, key: ReturnType<typeof random.key>) {
    super();
    this.weight = random.normal(random.fold(key, 'weight'), [length, length]).mul(length ** -0.5);
    this.bias = random.normal(random.fold(key, 'bias'), [length]);
  }

  /** Shapes: x [B, T, D] → the same. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const columns = transpose(x, [0, 2, 1]);
    const adapter = activeAdapter(this);
    const y = adapter
      ? adapter.forward(columns, this.weight, this.bias, options)
      : linear(columns, this.weight, this.bias);
    return transpose(y, [0, 2, 1]);
  }
}

const dense = (): Linear => new Linear(5, 6, { key: random.key(1) });
const rows = (): Tensor => random.normal(random.key(2), [2, 3, 5]);
const pruned = (): Linear => {
  const layer = dense();
  prune(layer, { sparsity: 0.5 });
  return layer;
};
const sparse = (method: 'lors' | 'sqft' | 'sp-lora' | 'spp', straightThrough = false): Row => ({
  layer: pruned,
  attach: (layer) => lors(layer, { method, rank: 2 }),
  input: rows,
  straightThrough,
});

/** Every kind of adapter: one row each. */
export const adapterRows: Readonly<Record<string, Row>> = {
  'lora on a Linear': { layer: dense, attach: (layer) => lora(layer, { rank: 2, alpha: 3 }), input: rows },
  'lora with dropout': {
    layer: dense,
    attach: (layer) => lora(layer, { rank: 2, alpha: 3, dropout: 0.5 }),
    input: rows,
  },
  'lora with a mask': {
    layer: dense,
    attach(layer) {
      lora(layer, { rank: 3, mask: true });
      layer.load({ ...layer.state(), 'lora.mask': tensor([1, 0, 1]) });
    },
    input: rows,
  },
  'lora on an Embedding': {
    layer: () => new Embedding(7, 4, { key: random.key(1) }),
    attach: (layer) => lora(layer, { rank: 2, alpha: 3, match: () => true }),
    input: () => tensor([[3, 0, 6, 3]], { dtype: 'int32' }),
  },
  lors: sparse('lors', true),
  sqft: sparse('sqft'),
  'sp-lora': sparse('sp-lora'),
  spp: sparse('spp'),
  'SoRA on a layer of a user': {
    layer: () => new Mixing(5, random.key(3)),
    attach: (layer) => attachAdapters(layer, { make: ({ key }) => Gated.start(5, 5, 3, 2, key) }),
    input: () => random.normal(random.key(4), [2, 5, 3]),
  },
  ...squareRows,
  ...startsRows,
  ...noiseRows,
};
