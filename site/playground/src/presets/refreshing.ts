import type { Preset, Setting } from '../training/contract';
import { finished, lastLoss, show, track } from './judging';

const setting: Setting = {
  task: 'linear',
  seed: 1,
  steps: 1500,
  backend: 'wasm',
  // Rates 0.003, 0.01, 0.03, 0.1, the grid of docs/results.md (refresh-linear), each the best of its method on seed 0; without
  // a refresh all four end alike.
  tracks: [
    track({ method: 'flora', refreshEvery: 20, onRefresh: 'reset', learningRate: 0.01 }),
    track({ method: 'flora', refreshEvery: 20, onRefresh: 'transfer', learningRate: 0.03 }),
    track({ method: 'flora', learningRate: 0.03 }),
  ],
};

export const refreshing: Preset = {
  id: 'refreshing',
  title: 'New projections help, carried momentum does not',
  claim:
    'With a new projection every 20 steps a momentum of rank 2 learns what one projection for good cannot. Starting the momentum anew learns more than carrying it over, which lets its norm grow by 1 + (d + 1)/r at each refresh.',
  formula: String.raw`M \leftarrow M A_{\mathrm{old}} A_{\mathrm{new}}^{\top}\ \text{(transfer)}\qquad M \leftarrow 0\ \text{(reset)}`,
  setting,
  names: ['reset, every 20', 'transfer, every 20', 'one projection for good'],
  view: 'loss',
  judge(outcomes) {
    if (!finished(setting, outcomes)) return null;
    const [reset, transfer, never] = outcomes.map(lastLoss) as [number, number, number];
    return {
      holds: never > 10 * transfer && transfer > 1.5 * reset,
      says: `Left of ‖W − W*‖²: ${show(never)} with one projection for good, ${show(transfer)} with transfers, ${show(reset)} with resets (${show(transfer / reset)} times less).`,
    };
  },
};
