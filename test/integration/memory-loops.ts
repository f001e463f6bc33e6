/**
 * Training loops as users write them, 2,000 steps each, one per process since resident memory belongs to the process:
 * `node bundle.mjs NAME` prints what was held along the way as JSON. `memory.test.ts` bundles and runs this file.
 */
import {
  applyUpdates,
  chain,
  type GradientTransform,
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
  /** Live tensors and bytes after 200 and after 2,000 steps. */
  readonly live: readonly { readonly tensors: number; readonly bytes: number }[];
  /** Resident bytes of the process after every step. */
  readonly resident: readonly number[];
  /** Exceptions that the loop caught. */
  readonly caught: number;
  readonly lastLoss: number;
}

const steps = 2000;
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

/** Three scopes one after the other: loss, gradients and updates leave them all, so the garbage collector has them. */
function plainStep(batch = one): Tensor {
  const { value, grads } = valueAndGrad(() => lossOf(batch), params);
  const [updates] = optimizer.update(grads, optimizer.init(params), params);
  applyUpdates(params, updates);
  return value;
}
const read = (loss: Tensor): number => loss.dataSync()[0] as number;

const loops: Record<string, () => void | Promise<void>> = {
  plain: () =>
    everyStep(() => {
      lastLoss = read(plainStep());
    }),

  async awaiting() {
    for (let step = 0; step < steps; step++) {
      lastLoss = await plainStep().item();
      look(step);
    }
  },

  /** Every fifth loss and every seventh update fails halfway. */
  throwing() {
    let count = 0;
    const failing: GradientTransform<null> = {
      name: 'failing',
      init: () => null,
      update(grads, state) {
        for (const gradient of Object.values(grads)) gradient.mul(2);
        if (count % 7 === 0) throw new Error('transform');
        return [grads, state];
      },
    };
    const transform = chain(failing, optimizer);
    const state = transform.init(params);
    everyStep((step) => {
      count = step;
      try {
        const { value, grads } = valueAndGrad(() => {
          const loss = lossOf(one);
          if (step % 5 === 0) throw new Error('loss');
          return loss;
        }, params);
        const [updates] = transform.update(grads, state, params);
        applyUpdates(params, updates);
        lastLoss = read(value);
      } catch {
        caught += 1;
      }
    });
  },

  /** New batches, and every tenth step an evaluation under noGrad and one in a scope. */
  evaluating() {
    everyStep((step) => {
      const batch = {
        x: tensor(
          Float32Array.from({ length: inputs }, (_, i) => Math.sin(i + step)),
          { shape: [1, inputs] },
        ),
        y: tensor(new Float32Array(outputs), { shape: [1, outputs] }),
      };
      const value = plainStep(batch);
      if (step % 10 > 0) return;
      const [a, b] = [noGrad(() => lossOf(batch)), scope(() => lossOf(one).add(lossOf(batch)))];
      lastLoss = read(value) + read(a) + read(b);
    });
  },

  trainer() {
    const transform = sgd({ learningRate: 0.1, momentum: 0.9 });
    const run = trainer({ model, transform, loss: lossOf, seed: 0 });
    everyStep(() => {
      lastLoss = run.step(one).loss as number;
    });
  },

  /** In an outer scope nothing is left to the collector; so what a step makes has to stay inside the step. */
  insideScope: () =>
    scope(() =>
      everyStep(() =>
        scope(() => {
          lastLoss = read(plainStep());
        }),
      ),
    ),
};

await loops[process.argv[2] as string]?.();
console.log(JSON.stringify({ live, resident: Array.from(resident), caught, lastLoss } satisfies Held));
