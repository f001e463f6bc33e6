import {
  adafactor,
  adamw,
  BackendError,
  backend,
  crossEntropy,
  flora,
  GPT,
  type GradientTransform,
  memory,
  random,
  stateBytes,
  tensor,
  trainer,
} from '../src/index';

/** One training run: a GPT, an optimizer, a few steps. */
export interface Case {
  readonly optimizer: keyof typeof optimizers;
  readonly width: number;
  readonly layers: number;
  readonly context: number;
  readonly batch: number;
  readonly rank: number;
  readonly steps: number;
  /** Update each parameter as soon as its gradient is complete; otherwise after all gradients are. */
  readonly streamed: boolean;
}

/** What came of it, or the code of the error that ended it. */
export interface Outcome {
  readonly parameters: number;
  /** Bytes of the optimizer's state; 0 if not even that fits. */
  readonly stateBytes: number;
  /** Most bytes of tensors on the device at once, `memory().peakBytes`. */
  readonly peakBytes: number;
  /** Most memory that the process had, as the system counts it. */
  readonly residentBytes: number;
  /** Median over the steps but the first; null if there are none. */
  readonly seconds: number | null;
  readonly losses: readonly number[];
  readonly failure: string | null;
  readonly build: string;
  readonly threads: string;
}

export const optimizers = {
  adamw: () => adamw({ learningRate: 1e-3 }),
  adafactor: () => adafactor({ learningRate: 1e-3, momentum: 0.9 }),
  flora: (rank: number) => flora({ learningRate: 1e-3, rank, beta: 0.9, refreshEvery: 1000 }),
} satisfies Record<string, (rank: number) => GradientTransform<unknown>>;

const vocabularySize = 96;

/** Run it in this process, whose memory it measures. */
export function runCase({ optimizer, rank, steps, streamed, batch, ...sizes }: Case): Outcome {
  let [parameters, state] = [0, 0];
  const times: number[] = [];
  const losses: number[] = [];
  let failure: string | null = null;
  try {
    const model = new GPT({ ...sizes, vocabularySize, heads: Math.max(4, sizes.width / 64), key: random.key(0) });
    parameters = Object.values(model.parameters()).reduce((sum, leaf) => sum + leaf.size, 0);
    const made: GradientTransform<unknown> = optimizers[optimizer](rank);
    const transform = streamed ? made : { ...made, leafwise: false };
    const windows = (seed: number) => {
      const ids = Int32Array.from({ length: batch * sizes.context }, (_, i) => (i * i + seed * i) % vocabularySize);
      return tensor(ids, { shape: [batch, sizes.context] });
    };
    const [ids, targets] = [windows(1), windows(2)];
    const training = trainer({ model, transform, loss: () => crossEntropy(model.forward(ids), targets), seed: 0 });
    state = stateBytes(training.state);
    for (let step = 0; step < steps; step++) {
      const start = performance.now();
      losses.push(training.step(null).loss as number);
      times.push((performance.now() - start) / 1000);
    }
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    failure = error.message;
  }
  const { build, threads } = backend().describe();
  const timed = times.slice(1).sort((a, b) => a - b);
  return {
    parameters,
    stateBytes: state,
    peakBytes: memory().peakBytes,
    residentBytes: process.resourceUsage().maxRSS * 1024,
    seconds: timed[Math.floor(timed.length / 2)] ?? null,
    losses,
    failure,
    build: String(build),
    threads: String(threads),
  };
}
