import type { Preset, Setting } from '../training/contract';
import { finished, lastLoss, show, track } from './judging';

const subspace = { rank: 8, refreshEvery: 100, onRefresh: 'transfer' } as const;

const setting: Setting = {
  task: 'spiral',
  seed: 1,
  steps: 1000,
  backend: 'wasm',
  // Rates 0.3, 1, 2, 3, 5, 10, 20 on seed 100: the largest that does not diverge is the best of each method.
  tracks: [
    track({ method: 'none', learningRate: 2 }),
    track({ method: 'momentum', learningRate: 10 }),
    track({ method: 'flora', learningRate: 5, ...subspace }),
  ],
};

export const momentum: Preset = {
  id: 'momentum',
  title: 'First: does momentum matter?',
  claim:
    'On a spiral, gradient descent with momentum learns more than ten times as much as without, for it bears larger steps. Flora of rank 8 of 32 keeps a part of that: it is between the two, and not nearly the one with dense momentum.',
  formula: String.raw`M\leftarrow\beta M+(1-\beta)\,G A^{\top}\qquad W\leftarrow W-\eta\,M A`,
  setting,
  names: ['no momentum', 'momentum', 'Flora, r = 8'],
  view: 'loss',
  judge(outcomes) {
    if (!finished(setting, outcomes)) return null;
    const [none, dense, flora] = outcomes.map(lastLoss) as [number, number, number];
    return {
      holds: none > 10 * dense && none > flora && flora > dense,
      says: `Loss ${show(none)} without momentum, ${show(dense)} with (${show(none / dense)} times less), ${show(flora)} with Flora, for ${outcomes.map(({ start }) => start.stateBytes).join(', ')} bytes of state.`,
    };
  },
};
