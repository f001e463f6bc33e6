import {
  chain,
  compress,
  ema,
  type GradientTransform,
  liftPlusRaw,
  liftUpdate,
  projectors,
  scaleByLearningRate,
  scaleByParameterRms,
} from '../../../src/index';
import { againstDense } from '../against-dense';
import type { ClaimOf } from '../claim';
import { fixed, interval } from '../format';
import { warmedUp } from '../tasks/schedule';
import { blocks, signs, type TextTraining, trainText } from '../tasks/text';
import { type Seeds, tuned } from '../tuned';

/** How large, how long, on which grids. */
interface Setting extends Omit<TextTraining, 'seed'> {
  readonly seeds: Seeds;
  readonly rates: { readonly none: readonly number[]; readonly momentum: readonly number[] };
}

interface Job extends TextTraining {
  readonly method: keyof typeof methods;
  readonly rate: number;
}

const decay = 0.95;

const flora =
  (rank: number, ordering: 'paper' | 'flora-opt') =>
  (seed: number): readonly [GradientTransform<unknown>] => [
    compress({
      projector: projectors.gaussian,
      rank,
      inner: ema({ decay }),
      refreshEvery: 1000,
      onRefresh: 'transfer',
      combine: ordering === 'paper' ? liftUpdate : liftPlusRaw(decay),
      filter: blocks(rank),
      seed,
    }),
  ];

const methods = {
  none: () => [],
  dense: () => [ema({ decay })],
  'Flora r 16, paper': flora(16, 'paper'),
  'Flora r 16, flora-opt': flora(16, 'flora-opt'),
  'Flora r 32, paper': flora(32, 'paper'),
} satisfies Readonly<Record<string, (seed: number) => readonly GradientTransform<unknown>[]>>;

/** Momentum under sign descent, where it is worth a tenth of the loss. */
export const momentumSign: ClaimOf<Setting, Job, number | null> = {
  name: 'momentum-sign',
  title: 'Flora: compressed momentum under sign descent, one window a step',
  source:
    'Flora (arXiv 2402.03293), Algorithm 2 and the claim that compressed momentum performs like the uncompressed one',
  quick: false,
  setting: {
    width: 64,
    batch: 1,
    steps: 6000,
    seeds: { tuning: 100, counted: [0, 1, 2] },
    rates: { none: [0.005, 0.01, 0.02], momentum: [0.00125, 0.0025, 0.005] },
  },

  perform({ method, rate, ...task }) {
    const parts: readonly GradientTransform<unknown>[] = [
      ...methods[method](task.seed),
      signs(),
      scaleByParameterRms(),
      scaleByLearningRate(warmedUp(rate, task.steps)),
    ];
    return trainText(task, chain(...parts));
  },

  async measure({ seeds, rates, ...task }, run) {
    const names = Object.keys(methods) as Job['method'][];
    const rows = await tuned(
      names.map((method) => ({
        name: method,
        rates: method === 'none' ? rates.none : rates.momentum,
        job: (rate, seed) => ({ ...task, method, rate, seed }),
      })),
      seeds,
      run,
    );
    const { gate, parts, table } = againstDense(rows, seeds.counted, 'compressed momentum');
    return {
      setting: [
        `A GPT of 2 layers of width ${task.width} on Moby-Dick by characters, ${task.steps} steps of ${task.batch} × 64 characters; validation loss in nats on 16,384`,
        `characters. The signs of the momentum (${decay}) make the step; Flora compresses the weights of the blocks, a new projection every`,
        `1000 steps. Peak rates ${rates.none.join(', ')} for none and ${rates.momentum.join(', ')} for the others on seed ${seeds.tuning}; seeds ${seeds.counted.join(', ')} count.`,
        `The gate, dense better than none: by ${interval(gate, fixed(4))}. A shortened run.`,
      ],
      parts,
      table,
    };
  },
};
