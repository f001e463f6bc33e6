import { eye, Linear, mul, noGrad, random, square, sub, sum, zeros } from 'floragrad';
import { plainStep } from '../base-steps';
import type { MakeTask } from '../task';

/** d of the weight [d, d]. */
const dimension = 32;

/**
 * A linear teacher of full rank: W [d, d] starts at zero and learns W*, whose entries are N(0, 1/d), from all inputs at
 * once. The gradient of ½‖W − W*‖² is W − W*, so nothing but the method decides how much is learned. What is reported is
 * ‖W − W*‖²/‖W*‖².
 */
export const linear: MakeTask = async (seed) => {
  const key = random.fold(random.key(seed), 'teacher');
  const shape = [dimension, dimension];
  const layer = new Linear(dimension, dimension, { bias: false, key });
  layer.load({ weight: zeros(shape) });
  const inputs = eye(dimension);
  const target = mul(random.normal(key, shape), dimension ** -0.5);
  const size = await noGrad(() => sum(square(target))).item();
  return {
    model: layer,
    watched: { layer, path: 'weight' },
    compresses: (path) => path === 'weight',
    loss: () => mul(sum(square(sub(layer.forward(inputs).transpose(), target))), 0.5),
    reported: (loss) => (2 * loss) / size,
    baseStep: plainStep,
  };
};
