import { crossEntropy, MLP, random, tensor } from 'floragrad';
import { plainStep } from '../base-steps';
import type { MakeTask } from '../task';

const points = 200;
const width = 32;

/**
 * The two arms of a spiral, told apart by an MLP of widths 2, 32, 32, 2 from all points at once. What is compressed is the
 * matrix in the middle [32, 32].
 */
export const spiral: MakeTask = async (seed) => {
  const key = random.key(seed);
  const noise = await random.normal(random.fold(key, 'points'), [points, 2]).data();
  const places = Array.from({ length: points }, (_, i) => {
    const radius = 0.2 + (0.8 * i) / points;
    const angle = 2 * Math.PI * radius + Math.PI * (i % 2);
    const [dx, dy] = [noise[2 * i] as number, noise[2 * i + 1] as number];
    return [radius * Math.cos(angle) + 0.02 * dx, radius * Math.sin(angle) + 0.02 * dy];
  });
  const inputs = tensor(places); // [N, 2]
  const arms = tensor(Int32Array.from(places, (_, i) => i % 2)); // [N]
  const model = new MLP({ sizes: [2, width, width, 2], activation: 'tanh', key: random.fold(key, 'model') });
  const path = 'layers.1.weight';
  return {
    model,
    watched: { layer: model.layers[1] as (typeof model.layers)[number], path },
    compresses: (candidate) => candidate === path,
    loss: () => crossEntropy(model.forward(inputs), arms),
    reported: (loss) => loss,
    baseStep: plainStep,
  };
};
