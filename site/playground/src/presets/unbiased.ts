import type { Preset, Setting } from '../training/contract';
import { finished, show, track } from './judging';

const ranks = [4, 16] as const;

const setting: Setting = {
  task: 'linear',
  seed: 1,
  steps: 1000,
  backend: 'wasm',
  // What is looked at does not depend on how it is trained: 0.01 is the rate of `refreshing`.
  tracks: [
    track({ method: 'flora', rank: ranks[0], refreshEvery: 20, learningRate: 0.01 }),
    track({ method: 'flora', rank: ranks[1], refreshEvery: 20, learningRate: 0.01 }),
    track({ method: 'flora', rank: ranks[0], refreshEvery: 20, learningRate: 0.01, projector: 'svd' }),
  ],
};

export const unbiased: Preset = {
  id: 'unbiased',
  title: 'Unbiased, not accurate',
  claim:
    'A random projection of a gradient that is lifted again is off by more than the gradient itself, and only the mean of many comes near it. The leading singular directions are nearer at once, and never come any nearer.',
  formula: String.raw`\mathbb{E}\,\Bigl\lVert \frac1n\sum_{i=1}^{n} G A_i^{\top} A_i - G\Bigr\rVert^2 = \frac{d+1}{r\,n}\,\lVert G\rVert^2`,
  setting,
  names: ['gaussian, r = 4', 'gaussian, r = 16', 'svd, r = 4'],
  view: 'error',
  judge(outcomes) {
    if (!finished(setting, outcomes)) return null;
    const errors = outcomes.map(({ looks }) => looks.flatMap(({ error }) => (error ? [error] : [])));
    const [d] = outcomes[0]?.start.watched.shape ?? [0];
    // The mean of n draws has some d²/2 independent entries: its squared error scatters by a tenth of itself.
    const falls = ranks.map((r, i) => {
      const ratios = (errors[i] ?? []).map(({ draws, measured }) => measured / ((d + 1) / (r * draws)));
      return ratios.every((ratio) => ratio > 0.4 && ratio < 2.5) && Math.abs((ratios.at(-1) as number) - 1) < 0.4;
    });
    const [first, last] = [
      errors.map((each) => each[0]?.measured ?? 0),
      errors.map((each) => each.at(-1)?.measured ?? 0),
    ];
    const stays = (last[2] as number) > 0.9 * (first[2] as number);
    return {
      holds: falls.every(Boolean) && (first[0] as number) > 1 && (first[1] as number) > 1 && stays,
      says: `One draw is off by ${show(first[0] as number)} (r = 4; theory ${show((d + 1) / 4)}) and ${show(first[1] as number)} (r = 16; ${show((d + 1) / 16)}), ${setting.steps} draws by ${show(last[0] as number)} and ${show(last[1] as number)}; svd by ${show(first[2] as number)}, and by ${show(last[2] as number)} after as many.`,
    };
  },
};
