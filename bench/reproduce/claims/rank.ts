import {
  chain,
  compress,
  ema,
  eye,
  type GradientTransform,
  Linear,
  lora,
  mergeAdapters,
  mul,
  noGrad,
  projectors,
  random,
  scale,
  sgd,
  square,
  sub,
  sum,
  type Tensor,
  trainer,
} from '../../../src/index';
import { markdownTable } from '../../harness/markdown';
import type { ClaimOf } from '../claim';
import { learnTeacher, rankOfChange, teacher } from '../tasks/linear';
import { counted } from '../verdict';

/** How large, how long. */
interface Setting {
  readonly seeds: readonly number[];
  readonly dimension: number;
  readonly rank: number;
  readonly steps: number;
  readonly refreshEvery: number;
}

interface Job extends Omit<Setting, 'seeds'> {
  readonly seed: number;
  readonly method: keyof typeof methods;
}

const rate = 0.1;
const decay = 0.9;

const subspace =
  (onRefresh: 'transfer' | 'reset', refreshes: boolean) =>
  ({ rank, refreshEvery, seed }: Job): GradientTransform<unknown> =>
    compress({
      projector: projectors.gaussian,
      rank,
      inner: ema({ decay }),
      refreshEvery: refreshes ? refreshEvery : Infinity,
      onRefresh,
      seed,
    });

/** What makes an update of a gradient, or null for LoRA, which has factors. */
const methods = {
  'none: the gradient itself': () => chain(),
  'dense momentum': () => ema({ decay }),
  'Flora, new projections, transfer': subspace('transfer', true),
  'Flora, new projections, reset': subspace('reset', true),
  'one projection for good': subspace('reset', false),
  LoRA: null,
};

/** Flora's remedy for LoRA's rank: with new projections the sum of all updates has full rank. */
export const rank: ClaimOf<Setting, Job, number> = {
  name: 'rank',
  title: 'Flora: with new projections the whole update has full rank, with LoRA it has not',
  source: 'Flora (arXiv 2402.03293), the sections on resampling; rank(Σ Cᵢ·Aᵢ) = min(n, m, k·r) for k projections',
  quick: true,
  setting: { seeds: [0, 1, 2], dimension: 32, rank: 2, steps: 600, refreshEvery: 30 },

  perform(job) {
    const { dimension, seed, steps, method } = job;
    const make = methods[method];
    if (make === null) return loraRank(job, teacher(dimension, seed));
    const { weight } = learnTeacher(dimension, seed, chain(make(job), scale(-rate)), steps);
    return rankOfChange(weight, weight);
  },

  async measure({ seeds, ...sizes }, run) {
    const names = Object.keys(methods) as Job['method'][];
    const { dimension, rank, steps, refreshEvery } = sizes;
    const jobs = names.flatMap((method) => seeds.map((seed) => ({ ...sizes, method, seed })));
    const results = [...(await run(jobs))];
    const ranks = new Map(names.map((name) => [name, results.splice(0, seeds.length)]));
    const each = (name: Job['method'], is: (found: number) => boolean): boolean => ranks.get(name)?.every(is) ?? false;
    const full = (name: Job['method']): boolean => each(name, (found) => found === dimension);
    const limited = (name: Job['method']): boolean => each(name, (found) => found <= rank);
    const gate = full('none: the gradient itself') && full('dense momentum');
    return {
      setting: [
        `A linear teacher ${dimension} × ${dimension} of full rank is learned from its exact gradient, rank ${rank}, ${steps} steps at rate ${rate}, a new projection every`,
        `${refreshEvery} steps. The rank is the number of singular values of W − W₀ above what rounding to float32 makes. Seeds ${seeds.join(', ')}; counted, so`,
        'that there is no interval. The gate: without compression the update has full rank.',
      ],
      parts: [
        {
          statement: "Flora's update reaches full rank.",
          verdict: gate ? counted(full('Flora, new projections, transfer')) : 'cannot tell here',
          because: `It is ${ranks.get('Flora, new projections, transfer')?.join(', ')} of ${dimension}.`,
        },
        {
          statement: 'One projection for good and LoRA stay within the rank.',
          verdict: gate ? counted(limited('one projection for good') && limited('LoRA')) : 'cannot tell here',
          because: `They are at ${ranks.get('one projection for good')?.join(', ')} and ${ranks.get('LoRA')?.join(', ')}.`,
        },
      ],
      table: markdownTable(
        [
          { heading: 'method', cell: (name) => name },
          { heading: 'rank of the whole update, by seed', cell: (name) => ranks.get(name)?.join(', ') ?? '' },
        ],
        names,
      ),
    };
  },
};

async function loraRank({ dimension, rank, steps, seed }: Job, target: Tensor): Promise<number> {
  const model = new Linear(dimension, dimension, { bias: false, key: random.fold(random.key(seed), 'model') });
  const before = noGrad(() => mul(model.weight, 1));
  lora(model, { rank, alpha: rank, seed });
  const identity = eye(dimension);
  const loss = (): Tensor => mul(sum(square(sub(model.forward(identity), target.transpose()))), 0.5);
  const training = trainer({ model, transform: sgd({ learningRate: rate }), loss, seed });
  for (let step = 0; step < steps; step++) await training.step(undefined).loss;
  mergeAdapters(model);
  return rankOfChange(
    noGrad(() => sub(model.weight, before)),
    model.weight,
  );
}
