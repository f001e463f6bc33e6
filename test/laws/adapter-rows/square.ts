import {
  auroRa,
  Linear,
  lily,
  loraMini,
  type MoraType,
  mora,
  nora,
  random,
  type Tensor,
  vectorFit,
  vera,
} from '../../../src/index';
import type { AdapterRow } from '../../../src/laws';

type Row = Omit<AdapterRow, 'name'>;

const wide = (): Linear => new Linear(7, 5, { key: random.key(1) });
const rows = (): Tensor => random.normal(random.key(2), [2, 3, 7]);
const square = (type: MoraType, dropout = 0): Row => ({
  layer: wide,
  attach: (layer) => mora(layer, { rank: 1, type, dropout }),
  input: rows,
});

/** Square matrices, shared and nested factors. */
export const squareRows: Readonly<Record<string, Row>> = {
  'MoRA, type 1': square(1),
  'MoRA, type 2': square(2),
  'MoRA, type 3': square(3, 0.5),
  'MoRA, type 4': square(4),
  'MoRA, type 6': square(6),
  VeRA: { layer: wide, attach: (layer) => vera(layer, { rank: 3, dropout: 0.5 }), input: rows },
  'LoRA-Mini': {
    layer: wide,
    attach: (layer) => loraMini(layer, { rank: 2, inner: [3, 4], dropout: 0.5 }),
    input: rows,
  },
  NoRA: { layer: wide, attach: (layer) => nora(layer, { rank: 4, inner: 2 }), input: rows },
  'VectorFit of the weight alone': {
    layer: wide,
    attach: (layer) => vectorFit(layer, { bias: false, dropout: 0.5 }),
    input: rows,
  },
  Lily: { layer: wide, attach: (layer) => lily(layer, { rank: 2, experts: 3, dropout: 0.5 }), input: rows },
  'Lily without routers': {
    layer: wide,
    attach: (layer) => lily(layer, { rank: 2, experts: 3, router: false }),
    input: rows,
  },
  AuroRA: {
    layer: wide,
    attach: (layer) => auroRa(layer, { rank: 2, dropout: 0.5 }),
    input: () => rows().mul(0.05), // the steps of the differences then stay in one cell of the splines
  },
  'VectorFit with the bias': { layer: wide, attach: (layer) => vectorFit(layer), input: rows },
};
