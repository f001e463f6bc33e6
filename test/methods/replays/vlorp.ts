import { type projectors, vlorp } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

const make = (one: Recorded, changed: Partial<Parameters<typeof vlorp>[0]> = {}) =>
  vlorp({
    learningRate: one.options.lr,
    rank: one.options.rank,
    refreshEvery: one.options.update_proj_gap as number,
    units: one.options.factor as number,
    projector: projectorOf(one),
    ...changed,
  });

/** Its entries are N(0, 1) or ±1, and up divides by r: in A = P/√r both share that. */
function projectorOf(one: Recorded): ReturnType<typeof projectors.explicit> {
  const [n, m] = one.init.shape as [number, number];
  return givenProjector(one, 1 / Math.sqrt(one.options.rank))(Math.min(n, m) / (one.options.factor as number));
}

const names = ['c1-wide', 'c2-wide', 'c4-tall-rank1', 'rademacher-wide'];

export const vlorpReplays: readonly Replay[] = [
  ...names.map((name) => ({
    file: 'vlorp',
    name,
    follow: (one: Recorded) => followMatrix(one, make(one)),
    unlike: (one: Recorded) => followMatrix(one, make(one, { beta2: 0.99 })),
  })),
  {
    file: 'vlorp',
    name: 'accumulate-2',
    notReproduced:
      'its program draws a new projection for every micro-batch while the count of updates is a multiple of T, adds up ' +
      'pieces from different subspaces and lifts the sum with the last',
  },
];
