import { adafactor, flora, type GradientTransform, type Schedule } from '../../../src/index';
import { againstDense } from '../against-dense';
import type { ClaimOf } from '../claim';
import { fixed, interval } from '../format';
import { warmedUp } from '../tasks/schedule';
import { blocks, type TextTraining, trainText } from '../tasks/text';
import { type Seeds, tuned } from '../tuned';

/** How large, how long, on which grid. */
interface Setting extends Omit<TextTraining, 'seed'> {
  readonly seeds: Seeds;
  /** The best of five rates for each of these methods, by the search of docs/main-job.md. */
  readonly rate: number;
}

interface Job extends TextTraining {
  readonly method: keyof typeof methods;
  readonly rate: number;
}

const momentum = 0.5;

const floraIn =
  (ordering: 'paper' | 'flora-opt') =>
  (learningRate: Schedule, seed: number): GradientTransform<unknown> =>
    flora({ learningRate, rank: 32, beta: momentum, ordering, refreshEvery: 100, filter: blocks(32), seed });

const methods = {
  none: (learningRate: Schedule) => adafactor({ learningRate }),
  'dense, β 0.5': (learningRate: Schedule) => adafactor({ learningRate, momentum }),
  'Flora r 32, flora-opt': floraIn('flora-opt'),
  'Flora r 32, paper': floraIn('paper'),
} satisfies Readonly<Record<string, (learningRate: Schedule, seed: number) => GradientTransform<unknown>>>;

/** The setting of the paper, Adafactor, with the short momentum that is worth something there. */
export const momentumAdafactor: ClaimOf<Setting, Job, number | null> = {
  name: 'momentum-adafactor',
  title: 'Flora: compressed momentum inside Adafactor',
  source: 'Flora (arXiv 2402.03293), Algorithm 2 inside Adafactor, as in its experiments',
  quick: false,
  setting: {
    width: 64,
    batch: 8,
    steps: 1500,
    seeds: { tuning: 100, counted: [0, 1, 2, 3, 4] },
    rate: 0.05,
  },

  perform({ method, rate, ...task }) {
    return trainText(task, methods[method](warmedUp(rate, task.steps), task.seed));
  },

  async measure({ seeds, rate, ...task }, run) {
    const names = Object.keys(methods) as Job['method'][];
    const rows = await tuned(
      names.map((method) => ({ name: method, rates: [rate], job: (_, seed) => ({ ...task, method, rate, seed }) })),
      seeds,
      run,
    );
    const { gate, parts, table } = againstDense(rows, seeds.counted, 'compressed momentum');
    return {
      setting: [
        `A GPT of 2 layers of width ${task.width} on Moby-Dick by characters, ${task.steps} steps of ${task.batch} × 64 characters; validation loss in nats on 16,384`,
        `characters. Flora compresses the weights of the blocks, a new projection every 100 steps. Peak rate ${rate}, the best of five for each`,
        `of these methods on seed ${seeds.tuning} in [the main job](main-job.md), which has β 0.9 too; seeds ${seeds.counted.join(', ')} count.`,
        `The gate, dense better than none: by ${interval(gate, fixed(4))}.`,
      ],
      parts,
      table,
    };
  },
};
