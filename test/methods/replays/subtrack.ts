import { subtrack } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

export const makeSubtrack = ({ options }: Recorded, changed: Partial<Parameters<typeof subtrack>[0]> = {}) =>
  subtrack({
    learningRate: options.lr,
    rank: options.rank,
    scale: options.scale as number,
    refreshEvery: options.subspace_update_interval as number,
    stepSize: options.st_init_step_size as number,
    stepSizeSchedule: options.st_step_size_scheduler === 'constant' ? 'constant' : 'iterativeDecrease',
    projectionAware: options.adaptive_optimizer === true,
    recoveryScaling: options.recovery_scaling === true,
    growth: options.norm_growth_limit as number,
    ...changed,
  });

const injected = (one: Recorded) => givenProjector(one)(Math.min(...one.init.shape));

const names = ['plain-wide', 'iterative-decrease-wide', 'wide20-rank5'];

export const subtrackReplays: readonly Replay[] = [
  ...names.map((name) => ({
    file: 'subtrack',
    name,
    follow: (one: Recorded) => followMatrix(one, makeSubtrack(one, { projector: injected(one) })),
    unlike: (one: Recorded) =>
      followMatrix(one, makeSubtrack(one, { projector: injected(one), projectionAware: true })),
  })),
  {
    file: 'subtrack',
    name: 'plus-plus-growing',
    notReproduced:
      'the record turns the moments a step before the basis, by the basis of step 0, and so cuts V a thousandfold at step ' +
      '3; the test of SubTrack follows it up to there, and past it with that rule put in by hand',
  },
];
