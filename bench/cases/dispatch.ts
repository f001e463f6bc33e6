import { jax, ours, tfjs } from '../entrants';
import type { Case } from './case';
import { normal } from './numbers';

const repeats = 1000;

export const dispatches: readonly Case[] = [
  {
    group: 'dispatch',
    name: 'add of two tensors of 8 elements',
    task: { kind: 'dispatch', repeats },
    arrays: () => ({ x: normal(1, [8]), y: normal(2, [8]) }),
    entrants: [
      ours('floragrad, not recorded', { record: 'no' }),
      ours('floragrad, recorded', { record: 'yes' }),
      ours('floragrad, recorded and backward', { record: 'backward' }),
      { ...tfjs, label: 'tfjs-wasm, not recorded', settings: { record: 'no' } },
      { ...tfjs, label: 'tfjs-wasm, recorded and backward', settings: { record: 'backward' } },
      { ...jax, label: 'jax-js wasm, not recorded', settings: { record: 'no' } },
    ],
    tolerance: 1e-6,
    repeats,
  },
];
