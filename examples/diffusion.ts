// A diffusion model (DDPM) learns a ring: it finds the noise in noisy points, and so makes points out of noise alone.
import * as f from '../src/index';

type Tensor = f.Tensor;
const { key, fold, normal, uniform } = f.random;
const steps = Number(process.env.STEPS ?? 2000);
const seed = key(0);
const batch = 256;
const levels = 50; // of noise: level t keeps √kept[t] of a point, and adds noise of variance 1 − kept[t]
const betas = Array.from({ length: levels }, (_, t) => 0.002 + (0.4 * t) / levels);
const kept = betas.map((_, t) => betas.slice(0, t + 1).reduce((product, beta) => product * (1 - beta), 1));
const signal = f.tensor(kept.map((x) => [Math.sqrt(x)]));
const noise = f.tensor(kept.map((x) => [Math.sqrt(1 - x)]));

/** Points on a circle of radius 1, a little off it. */
function ring(step: number): Tensor {
  const angles = uniform(fold(seed, 'angles', step), [batch, 1]).mul(2 * Math.PI);
  return f.concat([f.cos(angles), f.sin(angles)], 1).add(normal(fold(seed, 'off', step), [batch, 2]).mul(0.03));
}

const frequencies = f.tensor(Array.from({ length: 8 }, (_, i) => 2 ** -i));
const model = new f.MLP({ sizes: [2 + 16, 96, 96, 2], activation: 'gelu', key: seed });
/** The noise in points [B, 2] of levels [B], which the network sees as sines and cosines. */
function noiseIn(points: Tensor, t: Tensor): Tensor {
  const angles = t.cast('float32').reshape([-1, 1]).mul(frequencies);
  return model.forward(f.concat([points, f.sin(angles), f.cos(angles)], 1));
}

const loss = (step: number): Tensor => {
  const t = f.cast(uniform(fold(seed, 'levels', step), [batch]).mul(levels), 'int32');
  const added = normal(fold(seed, 'noise', step), [batch, 2]);
  const noisy = f.gather(signal, t).mul(ring(step)).add(f.gather(noise, t).mul(added));
  return f.mseLoss(noiseIn(noisy, t), added);
};
const transform = f.adam({ learningRate: f.schedules.linear({ from: 0.005, steps }) });
const training = f.trainer({ model, transform, loss, seed: 0 });
for (let step = 0; step < steps; step++) await training.step(step).loss;

const offRing = async (x: Tensor): Promise<string> => {
  const distance = f.sqrt(f.sum(f.square(x), { axis: 1 })).sub(1);
  return (await f.mean(f.abs(distance)).item()).toFixed(3);
};
let points = normal(fold(seed, 'start'), [512, 2]);
console.log(`noise: ${await offRing(points)} away from the ring`);
for (let t = levels - 1; t >= 0; t--) {
  const [beta, rest] = [betas[t] as number, 1 - (kept[t] as number)];
  const found = f.noGrad(() => noiseIn(points, f.tensor(new Int32Array(512).fill(t))));
  const mean = points.sub(found.mul(beta / Math.sqrt(rest))).div(Math.sqrt(1 - beta));
  const variance = (beta * (1 - (kept[t - 1] ?? 1))) / rest;
  points = mean.add(normal(fold(seed, 'back', t), [512, 2]).mul(Math.sqrt(variance)));
}
const angles = f.atan2(points.slice([0, 1], [512, 2]), points.slice([0, 0], [512, 1]));
const directions = new Set(await f.floor(angles.mul(8 / Math.PI)).data()).size;
console.log(`samples after ${steps} steps: ${await offRing(points)} away from it, in ${directions} of 16 directions`);
