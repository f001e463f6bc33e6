import { chain, ema, scale } from '../../../src/index';
import { questions, type RefreshRow } from '../../../src/study';
import { markdownTable } from '../../harness/markdown';
import type { ClaimOf } from '../claim';
import { interval, significant } from '../format';
import { learnTeacher, leftOf } from '../tasks/linear';
import { above, all, type BySeed, behindGate, difference } from '../verdict';

/** How large, how long, on which grid. */
interface Setting {
  readonly seeds: number;
  readonly dimension: number;
  readonly ranks: readonly number[];
  /** κ; null for one projection for good. */
  readonly intervals: readonly (number | null)[];
  readonly policies: readonly RefreshRow['onRefresh'][];
  readonly steps: number;
  readonly rates: readonly number[];
  /** The κ of the sentences: the first above the interval at which `explain` says `unstable`, the second far above it. */
  readonly often: number;
  readonly seldom: number;
}

interface Job extends Pick<Setting, 'dimension' | 'steps' | 'seeds'> {
  readonly rates: readonly number[];
  /** null for training without a subspace. */
  readonly rank: number | null;
  readonly policy: RefreshRow['onRefresh'] | 'none' | 'dense';
  readonly refreshEvery: number | null;
}

interface Cell {
  readonly rate: number | null;
  readonly errors: BySeed;
}

const decay = 0.9;

/** New projections, and what becomes of the momentum, where the rank is all that limits. */
export const refreshLinear: ClaimOf<Setting, Job, Cell> = {
  name: 'refresh-linear',
  title: 'Flora: new projections, and what becomes of the momentum, on a linear teacher',
  source:
    'Flora (arXiv 2402.03293), Algorithm 2: a new projection every κ steps, to which the momentum is transferred, M ← M·A_old·A_newᵀ',
  quick: false,
  setting: {
    seeds: 5,
    dimension: 32,
    ranks: [2, 4],
    intervals: [5, 10, 20, 50, 150, null],
    policies: ['transfer', 'reset', 'keep'],
    steps: 1500,
    rates: [0.003, 0.01, 0.03, 0.1],
    often: 20,
    seldom: 50,
  },

  perform: cellOf,

  async measure({ ranks, intervals, policies, often, seldom, ...sizes }, run) {
    const cells = ranks.flatMap((rank) =>
      policies.flatMap((policy) => intervals.map((refreshEvery) => ({ ...sizes, rank, policy, refreshEvery }))),
    );
    const controls = (['none', 'dense'] as const).map((policy) => ({
      ...sizes,
      rank: null,
      policy,
      refreshEvery: null,
    }));
    const jobs: Job[] = [...controls, ...cells];
    const results = await run(jobs);
    const found = (rank: number | null, policy: Job['policy'], refreshEvery: number | null): Cell =>
      results[
        jobs.findIndex((job) => job.rank === rank && job.policy === policy && job.refreshEvery === refreshEvery)
      ] as Cell;
    const logs = ({ errors }: Cell): BySeed =>
      errors.map((error) => (error === null ? null : Math.log10(error + tiny)));
    const dense = found(null, 'dense', null);
    const gate = ranks.map((rank) => difference(logs(found(rank, 'transfer', null)), logs(dense)));
    const never = ranks.map((rank) =>
      difference(logs(found(rank, 'transfer', null)), logs(found(rank, 'transfer', seldom))),
    );
    const carried = ranks.map((rank) =>
      difference(logs(found(rank, 'reset', often)), logs(found(rank, 'transfer', often))),
    );
    const gated = (differences: typeof gate) =>
      all(differences.map((measured, i) => behindGate(gate[i] ?? null, above(measured))));
    const said = (differences: typeof gate): string =>
      differences.map((measured, i) => `${interval(measured, (x) => x.toFixed(2))} at rank ${ranks[i]}`).join(', ');
    const { dimension, steps, rates, seeds } = sizes;
    return {
      setting: [
        `A linear teacher ${dimension} × ${dimension} of full rank is learned from its exact gradient by momentum ${decay} in ${steps} steps: \`floragrad study refresh\`. Rates ${rates.join(', ')}`,
        `for each cell on seed 0; seeds 1 to ${seeds} count. Differences are of log₁₀ of what is left, ‖W − W*‖²/‖W*‖². The gate: without a subspace`,
        `more is learned than with one projection for good (${said(gate)}). What momentum`,
        'is worth is not asked here: what is looked at is the subspace.',
      ],
      parts: [
        {
          statement: `With a new projection every ${seldom} steps more is learned than with one for good.`,
          verdict: gated(never),
          because: `By ${said(never)}.`,
        },
        {
          statement: `Transferring the momentum learns more than starting it anew, every ${often} steps.`,
          verdict: gated(carried),
          because: `By ${said(carried)}.`,
        },
      ],
      table: [
        ...markdownTable<Pick<Job, 'rank' | 'policy'>>(
          [
            { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank ?? '') },
            { heading: 'at a refresh', cell: ({ policy }) => policy },
            ...intervals.map((refreshEvery) => ({
              heading: refreshEvery === null ? 'never' : `every ${refreshEvery}`,
              align: 'right' as const,
              cell: ({ rank, policy }: Pick<Job, 'rank' | 'policy'>) =>
                rank === null
                  ? refreshEvery === null
                    ? mean(found(null, policy, null).errors)
                    : ''
                  : mean(found(rank, policy, refreshEvery).errors),
            })),
          ],
          [...controls, ...ranks.flatMap((rank) => policies.map((policy) => ({ rank, policy })))],
        ),
      ],
    };
  },
};

/** What float32 leaves of an error that is zero otherwise. */
const tiny = 1e-14;

function mean(errors: BySeed): string {
  return errors.some((error) => error === null)
    ? 'diverged'
    : significant(errors.reduce((total: number, error) => total + (error ?? 0) / errors.length, 0));
}

async function cellOf({ dimension, steps, seeds, rates, rank, policy, refreshEvery }: Job): Promise<Cell> {
  if (rank !== null && policy !== 'none' && policy !== 'dense') {
    const { rows } = await questions.refresh.ask({
      dimension,
      ranks: [rank],
      intervals: [refreshEvery ?? Infinity],
      policies: [policy],
      steps,
      decay,
      learningRates: rates,
      seeds,
    });
    const [row] = rows;
    return { rate: row?.learningRate ?? null, errors: row?.errors ?? [] };
  }
  const train = (rate: number, seed: number): Promise<number | null> => {
    const momentum = policy === 'dense' ? [ema({ decay })] : [];
    return leftOf(learnTeacher(dimension, seed, chain(...momentum, scale(-rate)), steps));
  };
  const tried = await Promise.all(rates.map(async (rate) => (await train(rate, 0)) ?? Infinity));
  const rate = rates[tried.indexOf(Math.min(...tried))] as number;
  const errors: (number | null)[] = [];
  for (let seed = 1; seed <= seeds; seed++) errors.push(await train(rate, seed));
  return { rate, errors };
}
