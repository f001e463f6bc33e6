// Train in a worker, in one file: the main thread prints progress, and its timer ticks on.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { adam, crossEntropy, GPT, random, tensor, trainer } from '../src/index';

const steps = Number(process.env.STEPS ?? 200);

type Message = { step: number; loss: number } | { weights: Float32Array };

if (isMainThread) await watch();
else await train();

async function watch(): Promise<void> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const worker = new Worker(new URL(import.meta.url));
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject).on('exit', () => resolve());
    worker.on('message', (message: Message) => {
      if ('weights' in message) console.log(`${message.weights.length} weights came over, not copied`);
      else console.log(`step ${message.step}  loss ${message.loss.toFixed(2)}`);
    });
  });
  clearInterval(timer);
  console.log(ticks > 0 ? 'the main thread was free all the time' : 'the main thread was busy');
}

/** A small GPT learns to count: ids 0 to 9, over and over. */
async function train(): Promise<void> {
  const model = new GPT({ vocabularySize: 10, context: 16, width: 32, heads: 2, layers: 1, key: random.key(0) });
  const count = (from: number) =>
    tensor(
      Int32Array.from({ length: 16 }, (_, i) => (from + i) % 10),
      { shape: [1, 16] },
    );
  const training = trainer({
    model,
    transform: adam({ learningRate: 3e-3 }),
    loss: (from: number) => crossEntropy(model.forward(count(from)), count(from + 1)),
    seed: 0,
  });
  for (let step = 0; step < steps; step++) {
    const loss = await training.step(step % 10).loss;
    if (step % (steps / 4) === 0) parentPort?.postMessage({ step, loss });
  }
  const weights = (await model.head.weight.data()) as Float32Array<ArrayBuffer>;
  parentPort?.postMessage({ weights }, [weights.buffer]); // moved, and empty here from now on
}
