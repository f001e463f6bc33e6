import type { Outcome, Preset, Setting } from '../training/contract';
import { finished, lastLoss, show, track } from './judging';

const rank = 2;
const stageSteps = 100;

const setting: Setting = {
  task: 'linear',
  seed: 1,
  steps: 800,
  backend: 'wasm',
  // Rates 0.03, 0.1, 0.3, 1, 2, 3 on seed 0: 1 is the best of each method, or as good as the best, and stages diverge from 2 on.
  tracks: [
    track({ method: 'lora', rank, learningRate: 1 }),
    track({ method: 'periodic-lora', rank, refreshEvery: stageSteps, learningRate: 1 }),
    track({ method: 'lora', rank: 8 * rank, learningRate: 1 }),
  ],
};

/** What no change of rank r can be better than: the share of the singular values of W* beyond the first r (Eckart and Young). */
function floor(outcomes: readonly Outcome[], r: number): number | null {
  const target = outcomes[0]?.looks[0]; // before the first step the gradient is −W*
  if (target?.step !== 0) return null;
  const squares = target.gradient.map((s) => s * s);
  const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return total(squares.slice(r)) / total(squares);
}

export const loraRank: Preset = {
  id: 'lora-rank',
  title: 'LoRA hits its rank, PeriodicLoRA passes it',
  claim:
    'A change of rank 2 cannot come nearer to a teacher of full rank than its two leading directions, and LoRA stops there. PeriodicLoRA puts its change into the weight every 100 steps and goes on, with the memory of the same adapter.',
  formula: String.raw`\min_{\operatorname{rank}\Delta\le r}\lVert \Delta - W^{*}\rVert^2=\sum_{i>r}\sigma_i^2\qquad W\leftarrow W+BA`,
  setting,
  names: ['LoRA, r = 2', 'PeriodicLoRA, r = 2', 'LoRA, r = 16'],
  view: 'loss',
  lines: (outcomes) =>
    [rank, 8 * rank].flatMap((r) => {
      const loss = floor(outcomes, r);
      return loss === null ? [] : [{ name: `floor of rank ${r}`, loss }];
    }),
  judge(outcomes) {
    const [low, high] = [floor(outcomes, rank), floor(outcomes, 8 * rank)];
    if (!finished(setting, outcomes) || low === null || high === null) return null;
    const [lora, periodic, large] = outcomes.map(lastLoss) as [number, number, number];
    const above = (loss: number, least: number): boolean => loss > least * (1 - 1e-4); // rounding
    return {
      holds: above(lora, low) && lora < 1.02 * low && above(large, high) && periodic < low / 2,
      says: `LoRA of rank 2 ends at ${show(lora)}, its floor is ${show(low)}; PeriodicLoRA ends at ${show(periodic)} after ${setting.steps / stageSteps} stages. LoRA of rank ${8 * rank}, with eight times the memory, ends at ${show(large)}, its floor ${show(high)}.`,
    };
  },
};
