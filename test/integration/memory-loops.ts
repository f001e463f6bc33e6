/**
 * Training loops as users write them, STEPS (or 300) steps each, one per process since resident memory belongs to the process:
 * `node bundle.mjs NAME` prints what was held along the way as JSON. `memory.test.ts` bundles and runs this file.
 */
import {
  applyUpdates,
  Linear,
  memory,
  mseLoss,
  noGrad,
  random,
  scope,
  sgd,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
} from '../../src/index';

export interface Held {
  /** Live tensors and bytes after 200 steps and at the end. */
  readonly live: readonly { readonly tensors: number; readonly bytes: number }[];
  /** Resident bytes of the process after every step. */
  readonly resident: readonly number[];
  /** Exceptions that the loop caught. */
  readonly caught: number;
  readonly lastLoss: number;
}

const steps = Number(process.env.STEPS ?? 300);
const [inputs, outputs] = [1024, 1281]; // 1.31 million weights: gradients, updates and momentum have 5.2 MB each
const model = new Linear(inputs, outputs, { key: random.key(0) });
const params = model.parameters();
const one = { x: random.normal(random.key(1), [1, inputs]), y: random.normal(random.key(2), [1, outputs]) };
const lossOf = ({ x, y }: typeof one): Tensor => mseLoss(model.forward(x), y);
const optimizer = sgd({ learningRate: 0.1 });

const resident = new Float64Array(steps);
const live: { tensors: number; bytes: number }[] = [];
let caught = 0;
let lastLoss = Number.NaN;

function everyStep(body: (step: number) => void): void {
  for (let step = 0; step < steps; step++) {
    body(step);
    look(step);
  }
}
function look(step: number): void {
  resident[step] = process.memoryUsage.rss();
  if (step !== 199 && step !== steps - 1) return;
  const { tensors, bytes } = memory();
  live.push({ tensors, bytes });
}

/** The trainer owns parameters and momentum; every twelfth loss throws halfway if asked to. */
function newTrainer({ throwing = false } = {}) {
  return trainer({
    model,
    transform: sgd({ learningRate: 0.1, momentum: 0.9 }),
    seed: 0,
    loss: ({ step, ...batch }: typeof one & { step: number }) => {
      const loss = lossOf(batch);
      if (throwing && step % 12 === 0) throw new Error('loss');
      return loss;
    },
  });
}

/** A batch that did not exist before. */
function freshBatch(step: number): typeof one {
  const x = Float32Array.from({ length: inputs }, (_, i) => Math.sin(i + step));
  return { x: tensor(x, { shape: [1, inputs] }), y: tensor(new Float32Array(outputs), { shape: [1, outputs] }) };
}

const read = (loss: Tensor): number => loss.dataSync()[0] as number;

/** Without a trainer: loss, gradients and updates leave three scopes, so the garbage collector has them. */
function plainStep(): void {
  const { value, grads } = valueAndGrad(() => lossOf(one), params);
  const [updates] = optimizer.update(grads, optimizer.init(params), params);
  applyUpdates(params, updates);
  lastLoss = read(value);
}

const loops: Record<string, () => void | Promise<void>> = {
  synchronous() {
    const { step } = newTrainer();
    everyStep((i) => {
      lastLoss = step({ ...one, step: i }).loss as number;
    });
  },

  async awaiting() {
    const { step } = newTrainer();
    for (let i = 0; i < steps; i++) {
      lastLoss = await step({ ...one, step: i }).loss;
      look(i);
    }
  },

  throwing() {
    const { step } = newTrainer({ throwing: true });
    everyStep((i) => {
      try {
        lastLoss = step({ ...one, step: i }).loss as number;
      } catch {
        caught += 1;
      }
    });
  },

  /** New batches, and every tenth step an evaluation under noGrad and one in a scope. */
  evaluating() {
    const { step } = newTrainer();
    everyStep((i) => {
      const batch = freshBatch(i);
      lastLoss = step({ ...batch, step: i }).loss as number;
      if (i % 10 > 0) return;
      lastLoss += read(noGrad(() => lossOf(one))) + read(scope(() => lossOf(one).add(lossOf(batch))));
    });
  },

  plain: () => everyStep(plainStep),

  /** In an outer scope nothing is left to the collector; so what a step makes has to stay inside the step. */
  plainInScope: () => scope(() => everyStep(() => scope(plainStep))),
};

await loops[process.argv[2] as string]?.();
console.log(JSON.stringify({ live, resident: Array.from(resident), caught, lastLoss } satisfies Held));
