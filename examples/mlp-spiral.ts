// Classify the two arms of a spiral with a small network: layers, the trainer, and accuracy at the end.
import { adam, argmax, crossEntropy, MLP, noGrad, random, type Tensor, tensor, trainer } from '../src/index';

/** `count` points on two arms, half a turn apart; class i mod 2. */
function spiral(count: number): { points: Tensor; classes: Tensor } {
  const noise = random.normal(random.key(1), [count, 2]).dataSync();
  const points = Array.from({ length: count }, (_, i) => {
    const radius = 0.2 + (0.8 * i) / count;
    const angle = 2 * Math.PI * radius + Math.PI * (i % 2);
    const [dx, dy] = [noise[2 * i] as number, noise[2 * i + 1] as number];
    return [radius * Math.cos(angle) + 0.02 * dx, radius * Math.sin(angle) + 0.02 * dy];
  });
  const classes = tensor(Int32Array.from(points, (_, i) => i % 2));
  return { points: tensor(points), classes };
}

const { points, classes } = spiral(400);
const model = new MLP({ sizes: [2, 32, 32, 2], activation: 'tanh', key: random.key(0) });
const training = trainer({
  model,
  transform: adam({ learningRate: 0.01 }),
  loss: () => crossEntropy(model.forward(points), classes),
  seed: 0,
});

for (let step = 0; step <= 400; step++) {
  const loss = await training.step(undefined).loss;
  if (step % 100 === 0) console.log(`step ${String(step).padStart(3)}  loss ${loss.toFixed(3)}`);
}

const predicted = noGrad(() => argmax(model.forward(points), { axis: -1 }));
const right = predicted.equal(classes).cast('float32').mean();
console.log(`accuracy ${(100 * (await right.item())).toFixed(1)} %`);
