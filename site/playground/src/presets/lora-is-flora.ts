import type { Outcome, Preset, Setting } from '../training/contract';
import { finished, lastLoss, show, track } from './judging';

// One rate for all: it is the steps that are compared, and at 0.01 the second order of the rate is small and to be seen.
const same = { rank: 4, learningRate: 0.01 };

const setting: Setting = {
  task: 'linear',
  seed: 1,
  steps: 300,
  backend: 'wasm',
  tracks: [
    track({ method: 'flora', ...same }),
    track({ method: 'lora-frozen-A', ...same }),
    track({ method: 'lora', ...same }),
  ],
};

/** The largest difference of two losses of the same step, over the first of them. */
function apart(a: Outcome | undefined, b: Outcome | undefined): number {
  return (a?.readings ?? []).reduce(
    (most, { loss }, i) => Math.max(most, Math.abs((b?.readings[i]?.loss ?? Number.NaN) - loss) / loss),
    0,
  );
}

export const loraIsFlora: Preset = {
  id: 'lora-is-flora',
  title: 'LoRA with a frozen A is Flora',
  claim:
    'With the same A and the same rate, training B alone and Flora with one projection for good take the same steps: their losses coincide to rounding. LoRA that trains A too leaves them, by terms of second order in the rate.',
  formula: String.raw`\Delta B=-\eta\,M A^{\top}\;\Rightarrow\;\Delta(BA)=-\eta\,M A^{\top}A`,
  setting,
  names: ['Flora, one projection', 'LoRA, A frozen', 'LoRA'],
  view: 'difference',
  judge(outcomes) {
    if (!finished(setting, outcomes)) return null;
    const [flora, frozen, lora] = outcomes;
    const [rounding, more] = [apart(flora, frozen), apart(flora, lora)];
    return {
      holds: rounding < 1e-5 && more > 1e-3,
      says: `In ${setting.steps} steps the losses of Flora and of LoRA with a frozen A are never further apart than ${show(rounding)} of themselves; LoRA that trains A is by ${show(more)}, and ends at ${show(lastLoss(lora))} against ${show(lastLoss(flora))}.`,
    };
  },
};
