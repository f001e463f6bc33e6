import {
  add,
  type Combine,
  chain,
  compress,
  type EmaState,
  ema,
  type GradientTransform,
  liftPlusRaw,
  liftUpdate,
  mul,
  projectors,
  scale,
  sub,
} from '../../../src/index';
import type { ClaimOf } from '../claim';
import { interval, lossTable, significant } from '../format';
import { examplesOf, learnExamples, mlp } from '../tasks/mlp';
import { type Seeds, type Tuned, tuned } from '../tuned';
import { above, type BySeed, behindGate, difference } from '../verdict';

/** How large, how long, on which grid. */
interface Setting {
  readonly seeds: Seeds;
  readonly width: number;
  readonly samples: number;
  readonly steps: number;
  readonly rates: readonly number[];
}

interface Job extends Pick<Setting, 'width' | 'samples' | 'steps'> {
  readonly method: keyof typeof methods;
  readonly rate: number;
  readonly seed: number;
}

const beta = 0.9;
const rank = 24;
const small = 4;

/**
 * Momentum inside the subspace, the gradient itself outside: what the subspace does not see is not compressed. Its weight is
 * that of a gradient in the momentum.
 */
const split: Combine<EmaState> = (G, leaf, { refresh, down, inner, up }) => {
  const used = refresh(leaf);
  const seen = down(used, G);
  const [M, next] = inner(used, seen);
  return [add(up(next, M), mul(sub(G, up(next, seen)), 1 - beta)), next];
};

const flora =
  (combine: Combine<EmaState>) =>
  (seed: number): GradientTransform<unknown> =>
    compress({
      projector: projectors.gaussian,
      rank,
      inner: ema({ decay: beta }),
      refreshEvery: 100,
      onRefresh: 'transfer',
      combine,
      seed,
    });

const methods = {
  none: () => chain(),
  dense: () => ema({ decay: beta }),
  'Flora, paper': flora(liftUpdate),
  'Flora, flora-opt': flora(liftPlusRaw(beta)),
  'split, svd': (seed: number) =>
    compress({
      projector: projectors.svd,
      rank: small,
      inner: ema({ decay: beta }),
      refreshEvery: 100,
      onRefresh: 'reset',
      combine: split,
      seed,
    }),
} satisfies Readonly<Record<string, (seed: number) => GradientTransform<unknown>>>;

/** Momentum on a task where it is worth orders of magnitude. */
export const momentumMlp: ClaimOf<Setting, Job, number | null> = {
  name: 'momentum-mlp',
  title: 'Flora: compressed momentum where momentum is worth orders of magnitude',
  source:
    'Flora (arXiv 2402.03293), Algorithm 2 and the claim that compressed momentum performs like the uncompressed one',
  quick: false,
  setting: {
    seeds: { tuning: 100, counted: [0, 1, 2, 3, 4] },
    width: 48,
    samples: 48,
    steps: 3000,
    rates: [3, 10, 20, 50, 100],
  },

  perform({ width, samples, steps, method, rate, seed }) {
    const examples = examplesOf(mlp(width, seed, 'teacher'), width, samples, seed);
    const transform = chain(methods[method](seed), scale(-rate));
    return learnExamples(mlp(width, seed, 'student'), examples, transform, { steps, seed });
  },

  async measure({ seeds, rates, ...sizes }, run) {
    const names = Object.keys(methods) as Job['method'][];
    const rows = await tuned(
      names.map((method) => ({ name: method, rates, job: (rate, seed) => ({ ...sizes, method, rate, seed }) })),
      seeds,
      run,
    );
    const logs = rows.map((row): Tuned => ({ ...row, losses: logarithms(row.losses) }));
    const of = (name: Job['method']): BySeed => (logs.find((row) => row.name === name) as Tuned).losses;
    const gate = difference(of('none'), of('dense'));
    const like = (method: Job['method']) => difference(of('dense'), of(method));
    const over = (method: Job['method']) => difference(of('none'), of(method));
    const said = (measured: ReturnType<typeof like>): string => interval(measured, (x) => x.toFixed(2));
    const { width, samples, steps } = sizes;
    return {
      setting: [
        `A student learns an MLP of widths ${width}, ${width}, ${width} (tanh) from ${samples} fixed inputs, all of them in each of ${steps} steps, by gradient descent with`,
        `momentum ${beta}. Flora has rank ${rank} and a new projection every 100 steps; _split_ has momentum in the ${small} leading singular directions`,
        `and the gradient itself elsewhere. Rates ${rates.join(', ')} on seed ${seeds.tuning}; seeds ${seeds.counted.join(', ')} count. Numbers are log₁₀ of the final loss.`,
        `The gate, dense better than none: by ${said(gate)}.`,
      ],
      parts: [
        {
          statement: "In the paper's order compressed momentum is as good as dense, to a factor of ten in the loss.",
          verdict: behindGate(gate, above(like('Flora, paper'), -1)),
          because: `Dense less Flora: ${said(like('Flora, paper'))}.`,
        },
        {
          statement: "In the paper's order compressed momentum is better than none.",
          verdict: behindGate(gate, above(over('Flora, paper'))),
          because: `By ${said(over('Flora, paper'))}.`,
        },
        {
          statement: 'In the order of flora-opt compressed momentum is better than none.',
          verdict: behindGate(gate, above(over('Flora, flora-opt'))),
          because: `By ${said(over('Flora, flora-opt'))}.`,
        },
      ],
      table: lossTable(logs, seeds.counted, (x) => x.toFixed(2), [
        { heading: 'median loss', align: 'right', cell: ({ losses }) => medianLoss(losses) },
      ]),
    };
  },
};

function logarithms(losses: BySeed): BySeed {
  return losses.map((loss) => (loss === null ? null : Math.log10(loss)));
}

function medianLoss(logs: BySeed): string {
  const sorted = logs.map((x) => x ?? Infinity).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] as number;
  return middle < Infinity ? significant(10 ** middle) : 'diverged';
}
