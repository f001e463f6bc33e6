import type { TextBatch } from '../../../data/text-dataset';
import {
  adamw,
  alternateFactors,
  chain,
  crossEntropy,
  dora,
  goraStart,
  type LoraOptions,
  lora,
  loraGa,
  orthonormal,
  partition,
  pissa,
  preconditionUp,
  reLora,
  type Schedule,
  schedules,
  xgbLora,
} from '../../../index';
import type { GPT } from '../../../nn';
import { warmedUp } from '../../schedule';
import { type MethodRow, type MethodSettings, match, type Training, weightDecay } from '../method-row';

const family = "LoRA's, varied";

/** LoRA that starts otherwise, and is trained as LoRA is. */
const from = (
  learningRate: number,
  init: (gradients: {
    loss(batch: TextBatch): ReturnType<typeof crossEntropy>;
    batches: readonly TextBatch[];
  }) => LoraOptions['init'],
) =>
  ({
    learningRate,
    family,
    prepare(model, { rank, alpha, steps, learningRate: peak, seed, batches }) {
      const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
      lora(model, { rank, alpha, match, seed, init: init({ loss, batches }) });
      return adamw({ learningRate: warmedUp(peak, steps), weightDecay });
    },
  }) satisfies Omit<MethodRow, 'name'>;

/** LoRA from its own start, of which one factor is trained at a time, or ever. */
const half = (freezeA: boolean, train: (learningRate: Schedule, settings: MethodSettings) => Training) =>
  ({
    learningRate: 0.004,
    family,
    adapter: true,
    prepare(model: GPT, settings: MethodSettings) {
      const { rank, alpha, steps, learningRate, seed } = settings;
      lora(model, { rank, alpha, match, seed, freezeA });
      return train(warmedUp(learningRate, steps), settings);
    },
  }) as const satisfies Omit<MethodRow, 'name'>;

/** DoRA, starts of LoRA's factors, one factor at a time, and stages that are merged. */
export const startsRows = [
  {
    name: 'dora',
    adapter: true,
    learningRate: 0.004,
    family,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      dora(model, { rank, alpha, match, seed });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  },
  { name: 'pissa', ...from(0.002, () => pissa()) },
  { name: 'lora-ga', ...from(0.002, (gradients) => loraGa(gradients)) },
  { name: 'gora', adapter: true, ...from(0.004, (gradients) => goraStart(gradients)) },
  { name: 'orthonormal-lora', adapter: true, ...from(0.004, () => orthonormal()) },
  {
    name: 'lora-fa',
    ...half(true, (learningRate, { rank, alpha }) =>
      chain(preconditionUp({ scale: alpha / rank }), adamw({ learningRate, weightDecay })),
    ),
  },
  { name: 'ffa-lora', ...half(true, (learningRate) => adamw({ learningRate, weightDecay })) },
  {
    name: 'ro-lora',
    staged: true,
    ...half(false, (_, { steps, stages, learningRate }) => {
      const every = Math.ceil(steps / stages);
      // Each factor has an optimizer of its own, which counts the steps that it takes: half of all.
      const each = () => adamw({ learningRate: warmedUp(learningRate, Math.ceil(steps / 2)), weightDecay });
      return chain(
        alternateFactors({ every }),
        partition({ A: each(), rest: each() }, (path) => (path.endsWith('lora.A') ? 'A' : 'rest')),
      );
    }),
  },
  {
    name: 're-lora',
    learningRate: 0.004,
    staged: true,
    family,
    prepare(model, { rank, alpha, steps, stages, learningRate: peak, seed }) {
      const stageSteps = Math.ceil(steps / stages);
      const rise = Math.max(1, Math.round(stageSteps / 10));
      const learningRate = schedules.cosineWithRestarts({
        peak,
        steps: stageSteps * stages,
        warmup: rise,
        restartEvery: stageSteps,
        restartWarmup: rise,
        to: peak / 10,
      });
      const inner = adamw({ learningRate, weightDecay });
      return reLora(model, { rank, alpha, match, seed, stageSteps, inner }).transform;
    },
  },
  {
    name: 'xgb-lora',
    learningRate: 0.004,
    staged: true,
    family,
    prepare(model, { rank, alpha, steps, stages, learningRate, seed }) {
      const stageSteps = Math.ceil(steps / stages);
      const inner = adamw({ learningRate: warmedUp(learningRate, stageSteps), weightDecay });
      // The scale of LoRA with the rank that was asked for: its own is 1.
      return xgbLora(model, { alpha: alpha / rank, match, seed, stageSteps, inner }).transform;
    },
  },
] as const satisfies readonly MethodRow[];
