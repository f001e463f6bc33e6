import { adam, type FlatLora, flatLora, type GeoLora, geoLora, Linear, random, type Tensor } from '../../../src/index';
import type { AdapterRow } from '../../../src/laws';

type Row = Omit<AdapterRow, 'name'>;

const dense = (): Linear => new Linear(5, 6, { key: random.key(1) });
const rows = (): Tensor => random.normal(random.key(2), [2, 3, 5]);

/** Adapters that are trained with noise, and in a geometry of their own. */
export const noiseRows: Readonly<Record<string, Row>> = {
  GeoLoRA: {
    layer: dense,
    attach: (layer) =>
      geoLora(layer, { rank: 2, maxRank: 4, alpha: 3, tolerance: 0.05, dropout: 0.25, learningRate: 0.1 }),
    input: rows,
    training: (attached) => ({ transform: (attached as GeoLora).transform }),
  },
  'Flat-LoRA': {
    layer: dense,
    attach: (layer) =>
      flatLora(layer, { rank: 2, alpha: 3, dropout: 0.25, rho: 0.5, steps: 5, inner: adam({ learningRate: 0.05 }) }),
    input: rows,
    training: (attached) => ({ transform: (attached as FlatLora<unknown>).transform }),
  },
};
