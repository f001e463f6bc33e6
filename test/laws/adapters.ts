import { Embedding, Linear, lora, lors, prune, random, type Tensor, tensor } from '../../src/index';
import { noiseRows } from './adapter-rows/noise';
import { ranksRows } from './adapter-rows/ranks';
import type { Row } from './adapter-rows/row';
import { squareRows } from './adapter-rows/square';
import { startsRows } from './adapter-rows/starts';

export { Mixing } from './adapter-rows/mixing';

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
  ...squareRows,
  ...startsRows,
  ...noiseRows,
  ...ranksRows,
};
