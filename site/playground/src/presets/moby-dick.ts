import type { Preset, Setting } from '../training/contract';
import { finished, meanOfLast, track } from './judging';

const counted = 100;

const setting: Setting = {
  task: 'moby-dick',
  seed: 1,
  steps: 800,
  backend: 'wasm',
  // Peak rates 0.025, 0.05, 0.1 on seed 0: 0.05 is the best of each method.
  tracks: [
    track({ method: 'none', learningRate: 0.05 }),
    track({ method: 'momentum', learningRate: 0.05 }),
    track({ method: 'flora', learningRate: 0.05, rank: 16, refreshEvery: 200, onRefresh: 'transfer' }),
  ],
};

export const mobyDick: Preset = {
  id: 'moby-dick',
  title: 'Moby-Dick, three times',
  claim:
    'A small GPT learns Moby-Dick by characters, and Adafactor without momentum is no worse at it than with. What Flora compresses buys nothing here, so a text written by any of the three proves nothing about it: read them.',
  formula: String.raw`W\leftarrow W-\alpha\,\frac{U}{\max(1,\operatorname{RMS}(U))}\qquad U=G\big/\sqrt{\widehat V}`,
  setting,
  names: ['no momentum', 'momentum', 'Flora, r = 16'],
  view: 'text',
  judge(outcomes) {
    if (!finished(setting, outcomes)) return null;
    const [none, dense, flora] = outcomes.map((outcome) => meanOfLast(outcome, counted)) as [number, number, number];
    return {
      holds: none < dense + 0.01 && none < flora + 0.01,
      says: `Nats a character over the last ${counted} batches: ${none.toFixed(3)} without momentum, ${dense.toFixed(3)} with, ${flora.toFixed(3)} with Flora, for ${outcomes.map(({ start }) => start.stateBytes).join(', ')} bytes of state.`,
    };
  },
};
