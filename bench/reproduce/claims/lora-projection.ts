import { paired } from '../../../src/cli/train/paired';
import {
  Linear,
  lora,
  matmul,
  mergeAdapters,
  mul,
  noGrad,
  random,
  sgd,
  square,
  sub,
  sum,
  type Tensor,
  trainer,
} from '../../../src/index';
import { markdownTable } from '../../harness/markdown';
import type { ClaimOf } from '../claim';
import { fixed, interval, significant } from '../format';
import { teacher } from '../tasks/linear';
import { above } from '../verdict';

/** How large, how long, at which rates. */
interface Setting {
  readonly seeds: readonly number[];
  readonly dimension: number;
  readonly rank: number;
  readonly samples: number;
  readonly steps: number;
  /** From the largest down, each half the one before. */
  readonly rates: readonly number[];
}

interface Job extends Omit<Setting, 'seeds' | 'rates'> {
  readonly seed: number;
  readonly rate: number;
}

/** Flora's view of LoRA: to first order it is a random projection of the summed gradient. */
export const loraProjection: ClaimOf<Setting, Job, number> = {
  name: 'lora-projection',
  title: 'LoRA: to first order it is a random projection of the gradient',
  source:
    "Flora (arXiv 2402.03293), the section on LoRA's dynamics: A moves by terms of higher order in the learning rate η alone, so that B·A is " +
    '−η·(Σ G)·A₀ᵀ·A₀ and the relative deviation is of order η²',
  quick: true,
  setting: {
    seeds: [0, 1, 2, 3, 4],
    dimension: 32,
    rank: 4,
    samples: 64,
    steps: 20,
    rates: [0.16, 0.08, 0.04, 0.02, 0.01, 0.005, 0.0025, 0.00125, 0.000625],
  },

  perform: deviation,

  async measure({ seeds, rates, ...sizes }, run) {
    const { dimension, rank, samples, steps } = sizes;
    const results = [...(await run(rates.flatMap((rate) => seeds.map((seed) => ({ ...sizes, rate, seed })))))];
    const deviations = rates.map(() => results.splice(0, seeds.length));
    const slope = (from: number, to: number) =>
      paired(
        seeds.map((_, s) => {
          const [a, b] = [deviations[from]?.[s] as number, deviations[to]?.[s] as number];
          return Math.log(a / b) / Math.log((rates[from] as number) / (rates[to] as number));
        }),
      );
    const last = slope(rates.length - 2, rates.length - 1);
    const whole = slope(0, rates.length - 1);
    return {
      setting: [
        `One linear layer ${dimension} × ${dimension}, a linear teacher, ${samples} fixed inputs, SGD, rank ${rank}, ${steps} steps. LoRA against the same with A frozen (LoRA-FA), which is`,
        'Flora with one projection at rate η/r exactly, since A is from N(0, 1/r²): ‖ΔW − ΔW_FA‖/‖ΔW_FA‖ after the last step, and the slope of its logarithm over that of the rate.',
        `Seeds ${seeds.join(', ')}. The gate does not apply: the two are compared with each other alone, at every rate of the table.`,
      ],
      parts: [
        {
          statement: 'The deviation of LoRA from a random projection vanishes faster than the learning rate.',
          verdict: above(last, 1),
          because: `The slope is ${interval(last, fixed(2))} between the two smallest rates and ${interval(whole, fixed(2))} over all.`,
        },
        {
          statement: 'It is of second order in the learning rate.',
          verdict: secondOrder(last.interval),
          because: `Counted as such where the slope between the two smallest rates is within 0.1 of 2 with its whole interval: ${interval(last, fixed(3))}.`,
        },
      ],
      table: markdownTable(
        [
          { heading: 'rate', align: 'right', cell: (i) => String(rates[i]) },
          { heading: 'relative deviation, by seed', cell: (i) => (deviations[i] ?? []).map(significant).join(', ') },
          {
            heading: 'slope to the next',
            cell: (i) => (i + 1 < rates.length ? interval(slope(i, i + 1), fixed(2)) : ''),
          },
        ],
        rates.map((_, i) => i),
      ),
    };
  },
};

function secondOrder(bounds: readonly [number, number] | null) {
  if (bounds === null) return 'cannot tell here' as const;
  const [low, high] = bounds;
  if (low > 1.9 && high < 2.1) return 'holds' as const;
  return high < 1.9 || low > 2.1 ? ('fails' as const) : ('cannot tell here' as const);
}

async function deviation({ dimension, rank, samples, steps, rate, seed }: Job): Promise<number> {
  const key = random.fold(random.key(seed), 'lora');
  const x = random.normal(random.fold(key, 'inputs'), [samples, dimension]);
  const y = matmul(x, teacher(dimension, seed));
  const change = async (freezeA: boolean): Promise<Tensor> => {
    const model = new Linear(dimension, dimension, { bias: false, key });
    const before = noGrad(() => mul(model.weight, 1));
    lora(model, { rank, alpha: rank, init: 'gaussian', freezeA, seed });
    const loss = (): Tensor => mul(sum(square(sub(model.forward(x), y))), 0.5 / samples);
    const training = trainer({ model, transform: sgd({ learningRate: rate }), loss, seed });
    for (let step = 0; step < steps; step++) await training.step(undefined).loss;
    mergeAdapters(model);
    return noGrad(() => sub(model.weight, before));
  };
  const [both, frozen] = [await change(false), await change(true)];
  const size = (t: Tensor) => noGrad(() => sum(square(t))).item();
  return Math.sqrt((await size(noGrad(() => sub(both, frozen)))) / (await size(frozen)));
}
