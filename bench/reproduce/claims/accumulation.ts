import {
  accumulate,
  chain,
  floraAccumulate,
  type GradientTransform,
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
  /** Micro-batches of a cycle, and the rates of what accumulates that many; 1 is none. */
  readonly cycles: readonly { readonly size: number; readonly rates: readonly number[] }[];
  readonly rank: number;
}

interface Job extends TextTraining {
  readonly size: number;
  /** null for dense sums. */
  readonly rank: number | null;
  readonly rate: number;
}

/** Algorithm 1: micro-batches summed in a subspace. */
export const accumulation: ClaimOf<Setting, Job, number | null> = {
  name: 'accumulation',
  title: 'Flora: micro-batches summed in compressed form',
  source:
    'Flora (arXiv 2402.03293), Algorithm 1 and the claim that compressed accumulation performs like the uncompressed one',
  quick: false,
  setting: {
    width: 64,
    batch: 1,
    steps: 4800,
    rank: 16,
    seeds: { tuning: 100, counted: [0, 1, 2] },
    cycles: [
      { size: 1, rates: [0.005, 0.01, 0.02] },
      { size: 4, rates: [0.01, 0.02, 0.04] },
      { size: 16, rates: [0.02, 0.04, 0.08] },
      { size: 64, rates: [0.04, 0.08, 0.16] },
    ],
  },

  perform({ size, rank, rate, ...task }) {
    const inner: GradientTransform<unknown> = chain(
      signs(),
      scaleByParameterRms(),
      scaleByLearningRate(warmedUp(rate, Math.floor(task.steps / size))),
    );
    if (size === 1) return trainText(task, inner);
    return trainText(
      task,
      rank === null
        ? accumulate(size, inner)
        : floraAccumulate({ steps: size, rank, inner, filter: blocks(rank), seed: task.seed }),
    );
  },

  async measure({ seeds, cycles, rank, ...task }, run) {
    const method = (name: string, { size, rates }: Setting['cycles'][number], compressed: number | null) => ({
      name,
      rates,
      job: (rate: number, seed: number): Job => ({ ...task, size, rank: compressed, rate, seed }),
    });
    const rows = await tuned(
      cycles.flatMap((cycle) =>
        cycle.size === 1
          ? [method('none', cycle, null)]
          : [method(`dense, ${cycle.size}`, cycle, null), method(`Flora r ${rank}, ${cycle.size}`, cycle, rank)],
      ),
      seeds,
      run,
    );
    const [none, ...others] = rows;
    const found = cycles.slice(1).map((_, i) => {
      const [dense, compressed] = others.slice(2 * i, 2 * i + 2);
      return againstDense(
        [none, dense, compressed].filter((row) => row !== undefined),
        seeds.counted,
        'the compressed sum',
      );
    });
    const whole = againstDense(rows, seeds.counted, 'the compressed sum');
    const gates = found.map(({ gate }, i) => `${interval(gate, fixed(4))} for ${cycles[i + 1]?.size}`);
    return {
      setting: [
        `A GPT of 2 layers of width ${task.width} on Moby-Dick by characters under sign descent, ${task.steps} micro-batches of ${task.batch} × 64 characters for all;`,
        'validation loss in nats on 16,384 characters. _None_ steps on every micro-batch, the others on the mean of a cycle of 4, 16 or 64.',
        `Peak rates ${cycles.map(({ size, rates }) => `${rates.join(', ')} for ${size}`).join('; ')}, on seed ${seeds.tuning}; seeds ${seeds.counted.join(', ')} count.`,
        `The gate, dense sums better than none at equal characters: by ${gates.join('; ')}.`,
      ],
      parts: found.flatMap(({ parts }) => parts),
      table: whole.table,
    };
  },
};
