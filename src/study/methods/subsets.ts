import { compress } from '../../compress/compress';
import { liftPlusRest } from '../../compress/lift-plus-rest';
import { adamSnsm, subspaceMomentum } from '../../compress/methods/subspace-momentum';
import { svd } from '../../compress/projectors/svd';
import { subsetNorm } from '../../optim/optimizers/subset-norm';
import { ema } from '../../optim/parts/ema';
import type { LinearCore, Method } from './method';

const paper = 'arXiv 2411.07120, 2024';

/** Momentum in the subspace of the gradient, and the gradient outside: what is divided by the second moment. */
const core: LinearCore = {
  gain: 'biased',
  make: ({ rank, seed }) =>
    compress({
      projector: svd,
      rank,
      inner: ema({ decay: 0.9 }),
      refreshEvery: Infinity,
      onRefresh: 'reset',
      combine: liftPlusRest,
      seed,
    }),
};

/** Methods that share a second moment among many entries, or keep momentum in a part of the space. */
export const subsetMethods = {
  subsetNorm: {
    label: 'Subset-Norm',
    paper,
    keeps: 'momentum, and one sum of squares for each row or column',
    floats: 'n·m + M',
    file: 'src/optim/optimizers/subset-norm.ts',
    use: 'subsetNorm({ learningRate: 0.1 })',
    ranked: false,
    learningRate: 0.016,
    make: ({ learningRate, filter }) => subsetNorm({ learningRate, filter }),
  },
  subspaceMomentum: {
    label: 'Subspace-Momentum',
    paper,
    keeps: 'the momentum inside a subspace, the projection, and Adam’s mean squares',
    floats: 'r·M + r·μ + n·m',
    file: 'src/compress/methods/subspace-momentum.ts',
    use: 'subspaceMomentum({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.004,
    core,
    make: subspaceMomentum,
  },
  adamSnsm: {
    label: 'AdamSNSM',
    paper,
    keeps: 'the momentum inside a subspace, the projection, and one sum of squares for each row or column',
    floats: 'r·M + r·μ + M',
    file: 'src/compress/methods/subspace-momentum.ts',
    use: 'adamSnsm({ learningRate: 0.1, rank: 16 })',
    ranked: true,
    learningRate: 0.016,
    core,
    make: adamSnsm,
  },
} as const satisfies Readonly<Record<string, Method>>;
