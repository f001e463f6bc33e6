import { type SubsetDivision, subsetNorm } from '../../../src/index';
import { followMatrix, type Recorded, type Replay } from '../replay';

const make = ({ options }: Recorded, changed: Partial<Parameters<typeof subsetNorm>[0]> = {}) => {
  const {
    lr,
    subset_size,
    betas = [0.9, 0.999],
  } = options as Recorded['options'] & {
    readonly subset_size: 'heuristics' | number;
    readonly betas?: readonly [number, number];
  };
  const subset: SubsetDivision = subset_size === 'heuristics' ? 'heuristic' : subset_size;
  return subsetNorm({
    learningRate: lr,
    beta1: betas[0],
    beta2: betas[1],
    subset,
    correctBias: options.correct_bias !== false,
    ...changed,
  });
};

const names = ['adam-sn-heuristics-wide', 'adam-sn-heuristics-wide-f32', 'adam-sn-minus-1', 'adagrad-sn'];

const late =
  'at a refresh its program lifts the old momentum with the new projection, and only the step after starts from zero: ' +
  'test/unit/compress/methods/subspace-momentum.test.ts follows the run with just that put in';

export const subsetNormReplays: readonly Replay[] = [
  ...names.map((name) => ({
    file: 'snsm',
    name,
    follow: (one: Recorded) => followMatrix(one, make(one)),
    unlike: (one: Recorded) => followMatrix(one, make(one, { subset: 1 })),
  })),
  { file: 'snsm', name: 'sm-svd-tall', notReproduced: late },
  { file: 'snsm', name: 'sm-uniform-tall', notReproduced: late },
  { file: 'snsm', name: 'adam-snsm-svd', notReproduced: late },
  {
    file: 'snsm',
    name: '8x16-r3',
    notReproduced:
      'its transform runs along the axis that is not sampled and cancels, which leaves a selection of rows',
  },
];
