import type { Preset, Setting } from '../training/contract';
import { finished, show, track } from './judging';

const rank = 2;
const refreshEvery = 30;

const setting: Setting = {
  task: 'linear',
  seed: 1,
  steps: 600,
  backend: 'wasm',
  // The rate and the interval of docs/results.md (rank).
  tracks: [
    track({ method: 'flora', rank, refreshEvery, learningRate: 0.1 }),
    track({ method: 'flora', rank, learningRate: 0.1 }),
    track({ method: 'lora', rank, learningRate: 0.1 }),
  ],
};

export const rankGrows: Preset = {
  id: 'rank-grows',
  title: 'Each projection adds its rank',
  claim:
    'Each new projection adds two directions to what Flora has changed, until the change has full rank. One projection for good and LoRA stay at two.',
  formula: String.raw`\operatorname{rank}\Bigl(\sum_{i=1}^{k} C_i A_i\Bigr)=\min(n,\;k\,r)`,
  setting,
  names: ['Flora, new every 30', 'Flora, one projection', 'LoRA'],
  view: 'rank',
  judge(outcomes) {
    if (!finished(setting, outcomes)) return null;
    const full = Math.min(...(outcomes[0]?.start.watched.shape ?? [0]));
    const [grown, ...others] = outcomes.map(({ looks }) => looks);
    // A direction that is some steps old may still be below what rounding makes.
    const asSaid = (grown ?? []).every(({ step, updateRank }) => {
      const formula = Math.min(full, rank * Math.ceil(step / refreshEvery));
      return updateRank <= formula && updateRank >= formula - rank;
    });
    const last = outcomes.map(({ looks }) => looks.at(-1)?.updateRank ?? 0);
    return {
      holds: asSaid && last[0] === full && others.flat().every(({ updateRank }) => updateRank <= rank),
      says: `Of ${show(full)} Flora reaches ${last[0]}, ${asSaid ? 'by two with each projection' : 'but not by two with each projection'}; one projection for good ends at ${last[1]}, LoRA at ${last[2]}.`,
    };
  },
};
