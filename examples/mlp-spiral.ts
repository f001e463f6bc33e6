// Classify the two arms of a spiral with a small network: layers, a training, and accuracy at the end.
import { adam, argmax, crossEntropy, fit, MLP, noGrad, progressLine, random, type Tensor, tensor } from '../src/index';

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

const data = spiral(400);
const model = new MLP({ sizes: [2, 32, 32, 2], activation: 'tanh', key: random.key(0) });
await fit({
  model,
  transform: adam({ learningRate: 0.01 }),
  loss: ({ points, classes }: typeof data) => crossEntropy(model.forward(points), classes),
  data: [data],
  epochs: 400,
  every: 100,
  callbacks: [progressLine(console.log)],
});

const predicted = noGrad(() => argmax(model.forward(data.points), { axis: -1 }));
const right = predicted.equal(data.classes).cast('float32').mean();
console.log(`accuracy ${(100 * (await right.item())).toFixed(1)} %`);
