// The same small model under dense and under compressed momentum: how much state each keeps, and where the loss ends.
import {
  adafactor,
  explain,
  flora,
  type GradientTransform,
  MLP,
  mseLoss,
  random,
  stateBytes,
  trainer,
} from '../src/index';

const data = random.normal(random.key(1), [128, 32]);
const teacher = new MLP({ sizes: [32, 48, 32], key: random.key(2) });
const targets = teacher.forward(data);

async function run<S>(name: string, transform: GradientTransform<S>): Promise<void> {
  const model = new MLP({ sizes: [32, 64, 64, 32], key: random.key(0) });
  const training = trainer({ model, transform, loss: () => mseLoss(model.forward(data), targets), seed: 0 });
  const first = await training.step(undefined).loss;
  let last = first;
  for (let step = 1; step < 200; step++) last = await training.step(undefined).loss;
  const bytes = stateBytes(training.state);
  console.log(`${name.padEnd(16)} state ${bytes} bytes  loss ${first.toPrecision(3)} to ${last.toPrecision(3)}`);
}

const learningRate = 0.02;
await run('dense momentum', adafactor({ learningRate, momentum: 0.9 }));
for (const rank of [4, 16, 32]) {
  await run(`flora, rank ${rank}`, flora({ learningRate, rank, refreshEvery: 50, seed: 0 }));
}

const model = new MLP({ sizes: [32, 64, 64, 32], key: random.key(0) });
for (const { path, shape, reason, bytes } of explain(flora({ learningRate, rank: 4 }), model.parameters())) {
  console.log(`${path.padEnd(16)} [${shape.join(', ')}]`.padEnd(30), `${bytes} bytes, ${reason}`);
}
