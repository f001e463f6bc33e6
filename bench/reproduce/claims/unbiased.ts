import binomial from '@stdlib/stats-base-dists-binomial';
import { paired } from '../../../src/cli/train/paired';
import { eye, noGrad, projectors, random } from '../../../src/index';
import { checkProjector, projectionError } from '../../../src/study';
import { markdownTable } from '../../harness/markdown';
import type { ClaimOf } from '../claim';
import { fixed, interval, significant } from '../format';
import { all, counted, type Verdict } from '../verdict';

/** Sizes of the experiments. */
interface Setting {
  readonly seeds: readonly number[];
  /** n, m and r of gradients. */
  readonly shapes: readonly (readonly [rows: number, columns: number, rank: number])[];
  readonly trials: number;
  /** m, ε and δ of the theorem. */
  readonly dimension: number;
  readonly epsilon: number;
  readonly delta: number;
  /** c in r = c·ε⁻²·ln(2m/δ); the last is the one that suffices for certain. */
  readonly constants: readonly number[];
  readonly draws: number;
}

type Job =
  | { readonly kind: 'certify'; readonly seed: number }
  | {
      readonly kind: 'error';
      readonly seed: number;
      readonly shape: Setting['shapes'][number];
      readonly trials: number;
    }
  | {
      readonly kind: 'entries';
      readonly seed: number;
      readonly rank: number;
      readonly dimension: number;
      readonly epsilon: number;
      readonly draws: number;
    };

/** certify: 1 if it passed. error: the statistics of a row. entries: shares of draws that failed. */
type Result = readonly number[];

/** Flora's theorem: what is projected down and up again is the gradient on average, and near it entry by entry. */
export const unbiased: ClaimOf<Setting, Job, Result> = {
  name: 'unbiased',
  title: 'Flora: a random projection is unbiased, and near the identity entry by entry',
  source:
    'Flora (arXiv 2402.03293), the theorem of Johnson–Lindenstrauss type: for A [r, m] from N(0, 1/r) there is c such that with ' +
    'r = c·ε⁻²·log(2m/δ) all entries of AᵀA − I are within ε with probability at least 1 − δ',
  quick: true,
  setting: {
    seeds: [0, 1, 2],
    shapes: [
      [64, 32, 4],
      [128, 64, 16],
      [32, 256, 8],
    ],
    trials: 600,
    dimension: 256,
    epsilon: 0.8,
    delta: 0.1,
    constants: [2, 4, 16],
    draws: 200,
  },

  async perform(job) {
    if (job.kind === 'certify') return [Number((await checkProjector(projectors.gaussian, { seed: job.seed })).passed)];
    if (job.kind === 'entries') return entries(job);
    const [rows, columns, rank] = job.shape;
    const { seed, trials } = job;
    const row = await projectionError({ projector: projectors.gaussian, rows, columns, rank, trials, seed });
    return [row.biasStatistic, row.biasThreshold, row.relativeMse, row.theoryMse];
  },

  async measure({ seeds, shapes, trials, dimension, epsilon, delta, constants, draws }, run) {
    const certified = await run(seeds.map((seed) => ({ kind: 'certify', seed }) as const));
    const errors = await Promise.all(
      shapes.map(async (shape) => {
        const found = await run(seeds.map((seed) => ({ kind: 'error', seed, shape, trials }) as const));
        return { shape, found };
      }),
    );
    const ranks = constants.map((c) => Math.ceil((c / epsilon ** 2) * Math.log((2 * dimension) / delta)));
    const shares = await Promise.all(
      ranks.map((rank) =>
        run(seeds.map((seed) => ({ kind: 'entries', seed, rank, dimension, epsilon, draws }) as const)),
      ),
    );
    const worst = Math.max(...errors.flatMap(({ found }) => found.map(([bias = 0, bound = 0]) => bias / bound)));
    const ratios = errors.map(({ found }) => paired(found.map(([, , mse = 0, theory = 1]) => mse / theory - 1)));
    const drawn = seeds.length * draws;
    const failures = (shares.at(-1) ?? []).reduce((sum, [share = 1]) => sum + Math.round(share * draws), 0);
    return {
      setting: [
        `Gradients are random normal ones; ${trials} fresh projections of each. The theorem with m = ${dimension}, ε = ${epsilon} and δ = ${delta}, ${draws} draws`,
        `of A a seed. Seeds ${seeds.join(', ')}. No gate and no learning rate: nothing is trained.`,
      ],
      parts: [
        {
          statement: 'Projecting down and up again is unbiased.',
          verdict: counted(worst <= 1 && certified.every(([passed]) => passed === 1)),
          because: `The largest bias is ${worst.toFixed(2)} of the bound that an unbiased projector exceeds with chance 1e-9, and \`checkProjector\` passes with ${certified.filter(([passed]) => passed).length} of ${seeds.length} seeds.`,
        },
        {
          statement: 'The theorem holds with c = 16.',
          verdict: rarer(failures, drawn, delta),
          because: `${failures} of ${drawn} draws fail, where δ allows ${(delta * drawn).toFixed(0)}; as few have chance ${significant(binomial.cdf(failures, drawn, delta))} at a rate of δ.`,
        },
        {
          statement: 'The relative squared error of one projection is (d + 1)/r, d the compressed dimension.',
          verdict: all(
            ratios.map(({ interval: bounds }) => counted(bounds !== null && bounds[0] < 0.05 && bounds[1] > -0.05)),
          ),
          because: `Measured over theory less 1: ${ratios.map((ratio) => interval(ratio, fixed(3))).join('; ')}; it is never below 1 for r ≤ d, so unbiased does not mean accurate.`,
        },
      ],
      table: [
        ...markdownTable(
          [
            { heading: 'gradient', cell: ({ shape: [n, m] }) => `${n} × ${m}` },
            { heading: 'r', align: 'right', cell: ({ shape: [, , r] }) => String(r) },
            {
              heading: 'squared error by seed',
              cell: ({ found }) => found.map(([, , mse = 0]) => significant(mse)).join(', '),
            },
            { heading: 'theory', align: 'right', cell: ({ found }) => significant(found[0]?.[3] ?? 0) },
          ],
          errors,
        ),
        '',
        ...markdownTable(
          [
            { heading: 'c', align: 'right', cell: (i) => String(constants[i]) },
            { heading: 'r', align: 'right', cell: (i) => String(ranks[i]) },
            {
              heading: 'draws with an entry off by more than ε',
              cell: (i) => (shares[i] ?? []).map(([share = 0]) => `${(100 * share).toFixed(1)} %`).join(', '),
            },
            {
              heading: 'random vectors whose squared norm is off by more than ε',
              cell: (i) => (shares[i] ?? []).map(([, share = 0]) => `${(100 * share).toFixed(1)} %`).join(', '),
            },
          ],
          constants.map((_, i) => i),
        ),
      ],
    };
  },
};

/** Whether events are rarer than `rate`, by the exact binomial law and with 2.5 % on either side. */
function rarer(events: number, trials: number, rate: number): Verdict {
  if (binomial.cdf(events, trials, rate) < 0.025) return 'holds';
  return 1 - binomial.cdf(events - 1, trials, rate) < 0.025 ? 'fails' : 'cannot tell here';
}

/** Shares of draws with an entry of AᵀA − I beyond ε, and with ‖A·x‖²/‖x‖² off by more than ε for a random vector x. */
async function entries({ seed, rank, dimension, epsilon, draws }: Extract<Job, { kind: 'entries' }>): Promise<Result> {
  const { gaussian } = projectors;
  let [failed, stretched] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const [product, x] = noGrad(() => {
      const key = random.fold(random.key(seed), 'draw', draw);
      const projection = gaussian.sample(key, [dimension, dimension], rank, draw);
      const identity = eye(dimension);
      return [
        gaussian.up(projection, gaussian.down(projection, identity)),
        random.normal(random.fold(key, 'x'), [dimension]),
      ];
    });
    const [values, vector] = [await product.data(), await x.data()];
    const at = (i: number, j: number): number => values[i * dimension + j] as number;
    let [largest, square, norm] = [0, 0, 0];
    for (let i = 0; i < dimension; i++) {
      norm += (vector[i] as number) ** 2;
      for (let j = 0; j < dimension; j++) {
        largest = Math.max(largest, Math.abs(at(i, j) - Number(i === j)));
        square += (vector[i] as number) * at(i, j) * (vector[j] as number);
      }
    }
    failed += Number(largest > epsilon);
    stretched += Number(Math.abs(square / norm - 1) > epsilon);
  }
  return [failed / draws, stretched / draws];
}
