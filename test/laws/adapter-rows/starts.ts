import {
  adam,
  alternateFactors,
  chain,
  dora,
  goraStart,
  Linear,
  type LoraOptions,
  lora,
  loraGa,
  mul,
  orthonormal,
  type PeriodicLora,
  pissa,
  preconditionUp,
  random,
  reLora,
  sgd,
  sum,
  xgbLora,
} from '../../../src/index';
import type { Host } from '../../../src/laws';
import type { Row } from './row';

// DoRA, starts of factors, halves of a pair in turn, and training in stages.

const dense = (): Linear => new Linear(5, 6, { key: random.key(1) });
const base = { layer: dense, input: () => random.normal(random.key(2), [2, 3, 5]) };
const inner = adam({ learningRate: 0.05 });

/** What starts take gradients of: its gradient is the same number array wherever the weight is. */
const source = (layer: Host) => ({
  loss: () => sum(mul(layer.weight, random.normal(random.key(5), [6, 5]))),
  batches: [null],
});
const started = (init: (layer: Host) => NonNullable<LoraOptions['init']>, more: Partial<Row> = {}): Row => ({
  ...base,
  attach: (layer) => lora(layer, { rank: 2, alpha: 3, init: init(layer) }),
  ...more,
});
const inStages: Row['training'] = (attached) => ({ transform: (attached as PeriodicLora<unknown>).transform });

export const startsRows: Readonly<Record<string, Row>> = {
  dora: { ...base, attach: (layer) => dora(layer, { rank: 2, alpha: 3 }), straightThrough: true },
  'dora with dropout': {
    ...base,
    attach: (layer) => dora(layer, { rank: 2, alpha: 3, dropout: 0.5 }),
    straightThrough: true,
  },
  'lora from PiSSA': started(() => pissa()),
  'lora from orthonormal rows': started(() => orthonormal()),
  'lora from orthogonal factors': started(() => orthonormal({ both: true })),
  'lora from LoRA-GA, as PEFT': started((layer) => loraGa({ ...source(layer), form: 'peft' })),
  "lora from GoRA's start": started((layer) => goraStart({ ...source(layer), gamma: 1 }), { effectAtStart: true }),
  'LoRA-FA': {
    ...base,
    attach: (layer) => lora(layer, { rank: 2, alpha: 3, freezeA: true }),
    training: () => ({ transform: chain(preconditionUp({ scale: 1.5 }), inner) }),
  },
  RoLoRA: {
    ...base,
    attach: (layer) => lora(layer, { rank: 2, alpha: 3 }),
    training: () => ({ transform: chain(alternateFactors({ every: 1 }), inner) }),
  },
  reLora: {
    ...base,
    attach: (layer) => reLora(layer, { rank: 2, alpha: 3, stageSteps: 2, inner, pruneRatio: 0.5 }),
    training: inStages,
  },
  xgbLora: {
    ...base,
    attach: (layer) => xgbLora(layer, { alpha: 3, stageSteps: 2, inner: sgd({ learningRate: 0.1 }) }),
    training: inStages,
  },
};
