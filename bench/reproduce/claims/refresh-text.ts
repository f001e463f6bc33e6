import { adafactor, flora, type GradientTransform, type Schedule } from '../../../src/index';
import type { ClaimOf } from '../claim';
import { fixed, interval, lossTable } from '../format';
import { warmedUp } from '../tasks/schedule';
import { blocks, type TextTraining, trainText } from '../tasks/text';
import { type Seeds, type Tuned, tuned } from '../tuned';
import { above, type BySeed, behindGate, difference } from '../verdict';

/** How large, how long, on which grid. */
interface Setting extends Omit<TextTraining, 'seed'> {
  readonly seeds: Seeds;
  readonly rates: readonly number[];
  readonly rank: number;
}

interface Job extends TextTraining {
  readonly method: keyof typeof methods;
  readonly rate: number;
  readonly rank: number;
}

const momentum = 0.9;

const every =
  (refreshEvery: number, onRefresh: 'transfer' | 'reset') =>
  (learningRate: Schedule, rank: number, seed: number): GradientTransform<unknown> =>
    flora({ learningRate, rank, beta: momentum, refreshEvery, onRefresh, filter: blocks(rank), seed });

const methods = {
  none: (learningRate: Schedule) => adafactor({ learningRate }),
  dense: (learningRate: Schedule) => adafactor({ learningRate, momentum }),
  'one projection for good': every(Infinity, 'transfer'),
  'transfer, every 100': every(100, 'transfer'),
  'transfer, every 50': every(50, 'transfer'),
  'reset, every 100': every(100, 'reset'),
  'reset, every 25': every(25, 'reset'),
  'reset, every 10': every(10, 'reset'),
} satisfies Readonly<
  Record<string, (learningRate: Schedule, rank: number, seed: number) => GradientTransform<unknown>>
>;

/** New projections, and what becomes of the momentum, on a text. */
export const refreshText: ClaimOf<Setting, Job, number | null> = {
  name: 'refresh-text',
  title: 'Flora: new projections, and what becomes of the momentum, on a text',
  source:
    'Flora (arXiv 2402.03293), Algorithm 2: a new projection every κ steps, to which the momentum is transferred, M ← M·A_old·A_newᵀ',
  quick: false,
  setting: {
    width: 64,
    batch: 4,
    steps: 600,
    rank: 4,
    seeds: { tuning: 100, counted: [0, 1, 2] },
    rates: [0.025, 0.05, 0.1],
  },

  perform({ method, rate, rank, ...task }) {
    return trainText(task, methods[method](warmedUp(rate, task.steps), rank, task.seed));
  },

  async measure({ seeds, rates, rank, ...task }, run) {
    const names = Object.keys(methods) as Job['method'][];
    const rows = await tuned(
      names.map((method) => ({ name: method, rates, job: (rate, seed) => ({ ...task, rank, method, rate, seed }) })),
      seeds,
      run,
    );
    const of = (name: Job['method']): BySeed => (rows.find((row) => row.name === name) as Tuned).losses;
    const momentumGate = difference(of('none'), of('dense'));
    const gate = difference(of('one projection for good'), of('dense'));
    const parts = (
      [
        ['transfer, every 100', 'one projection for good'],
        ['reset, every 25', 'one projection for good'],
        ['transfer, every 100', 'reset, every 100'],
      ] as const
    ).map(([better, worse]) => {
      const gain = difference(of(worse), of(better));
      return {
        statement: `On the text ${better}, is better than ${worse === 'one projection for good' ? worse : `${worse},`} at rank ${rank}.`,
        verdict: behindGate(gate, above(gain)),
        because: `By ${interval(gain, fixed(4))}.`,
      };
    });
    return {
      setting: [
        `A GPT of 2 layers of width ${task.width} on Moby-Dick by characters, ${task.steps} steps of ${task.batch} × 64 characters; validation loss in nats on 16,384`,
        `characters. Adafactor with momentum ${momentum}, of rank ${rank} in the weights of the blocks, a sixteenth of their width.`,
        `Peak rates ${rates.join(', ')} on seed ${seeds.tuning}; seeds ${seeds.counted.join(', ')} count. The gate of what is asked here, whether the subspace costs anything:`,
        `dense is better than one projection for good by ${interval(gate, fixed(4))}. Momentum itself, dense better than none: ${interval(momentumGate, fixed(4))}.`,
      ],
      parts,
      table: lossTable(rows, seeds.counted, fixed(3)),
    };
  },
};
