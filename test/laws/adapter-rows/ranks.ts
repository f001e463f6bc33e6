import {
  type AdaLora,
  adaLora,
  adam,
  Linear,
  lora,
  partition,
  random,
  sora,
  soraGate,
  type Tensor,
} from '../../../src/index';
import type { AdapterRow, Host } from '../../../src/laws';
import { Mixing } from './mixing';

type Row = Omit<AdapterRow, 'name'>;

const dense = (): Linear => new Linear(5, 6, { key: random.key(1) });
const rows = (): Tensor => random.normal(random.key(2), [2, 3, 5]);
const training: NonNullable<Row['training']> = () => ({
  transform: partition(
    { gate: soraGate({ learningRate: 0.05, lambda: 4 }), factors: adam({ learningRate: 0.05 }) },
    (path) => (path.endsWith('lora.gate') ? 'gate' : 'factors'),
  ),
});

/** A policy that goes on choosing, on a layer that it has given its adapter. */
function allocated(layer: Host): AdaLora<unknown> {
  const inner = adam({ learningRate: 0.05 });
  const policy = adaLora({ initialRank: 4, rank: 2, steps: 4, warmup: 1, final: 1, inner });
  lora(layer, { rank: policy, alpha: 6, dropout: 0.5 });
  return policy as AdaLora<unknown>;
}

/** Adapters whose rank changes, or is chosen layer by layer. */
export const ranksRows: Readonly<Record<string, Row>> = {
  SoRA: { layer: dense, attach: (layer) => sora(layer, { rank: 3, dropout: 0.5 }), input: rows, training },
  'SoRA on a layer of a user': {
    layer: () => new Mixing(5, random.key(3)),
    attach: (layer) => sora(layer, { rank: 3, alpha: 6 }),
    input: () => random.normal(random.key(4), [2, 5, 3]),
    training,
  },
  AdaLoRA: {
    layer: dense,
    attach: allocated,
    input: rows,
    training: (policy) => ({ transform: (policy as AdaLora<unknown>).transform }),
  },
};
