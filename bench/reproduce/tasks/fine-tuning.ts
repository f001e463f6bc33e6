import {
  adam,
  add,
  eye,
  type GradientTransform,
  linalg,
  lora,
  MLP,
  matmul,
  mergeAdapters,
  mseLoss,
  mul,
  noGrad,
  periodicLora,
  random,
  type Schedule,
  scope,
  type Tensor,
  trainer,
} from '../../../src/index';
import { finite } from './finite';
import { examplesOf } from './mlp';
import { warmedUp } from './schedule';

/** Fine-tuning of a model to itself with shifted weights. */
export interface FineTuning {
  /** Layers of the model: 1 is a linear map that is learned from all its inputs, 2 an MLP that is learned from examples. */
  readonly layers: 1 | 2;
  readonly width: number;
  /** Rank of the shift of every weight. */
  readonly shift: number;
  readonly steps: number;
  readonly method: 'none' | 'full' | 'LoRA' | 'LoRA, cyclic rate' | 'PeriodicLoRA';
  /** Stages, or cycles of the rate. */
  readonly stages: number;
  readonly rank: number;
  readonly rate: number;
  readonly seed: number;
}

/** Loss after fine-tuning over loss before; null where it diverged. */
export async function fineTune(job: FineTuning): Promise<number | null> {
  const { width, seed, steps, method } = job;
  const key = random.fold(random.key(seed), 'fine-tuning');
  const model = new MLP({ sizes: Array(job.layers + 1).fill(width), activation: 'tanh', key });
  const teacher = new MLP({ sizes: Array(job.layers + 1).fill(width), activation: 'tanh', key });
  const weights = Object.entries(teacher.parameters()).filter(([path]) => path.endsWith('.weight'));
  teacher.load({
    ...teacher.parameters(),
    ...Object.fromEntries(weights.map(([path, weight]) => [path, noGrad(() => add(weight, shiftOf(job, path)))])),
  });
  const { x, y } = job.layers === 1 ? everything(teacher, width) : examplesOf(teacher, width, 8 * width, seed);
  const loss = (): Tensor => mseLoss(model.forward(x), y);
  const before = await noGrad(loss).item();
  if (method === 'none') return 1;
  const transform = prepare(model, job);
  const training = trainer({ model, transform, loss, seed });
  return finite(async () => {
    for (let step = 0; step < steps; step++) await training.step(undefined).loss;
    if (method !== 'full') mergeAdapters(model);
    return (await noGrad(loss).item()) / before;
  });
}

/** What no change of rank k·r can be better than on the linear task: the share of the shift beyond its leading k·r values. */
export function floorOf(job: Pick<FineTuning, 'width' | 'shift' | 'seed'>, rank: number): number {
  const values = scope(() => linalg.svd(shiftOf(job, 'layers.0.weight')).s.dataSync());
  const squares = Array.from(values, (s) => s ** 2);
  const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
  return total(squares.slice(rank)) / total(squares);
}

function prepare(model: MLP, { method, steps, stages, rank, rate, seed }: FineTuning): GradientTransform<unknown> {
  const stageSteps = Math.ceil(steps / stages);
  const stage = warmedUp(rate, stageSteps);
  const cyclic: Schedule = (step) => stage(step % stageSteps);
  if (method === 'full') return adam({ learningRate: warmedUp(rate, steps) });
  if (method === 'PeriodicLoRA') {
    return periodicLora(model, { rank, alpha: rank, seed, stageSteps, inner: adam({ learningRate: stage }) }).transform;
  }
  lora(model, { rank, alpha: rank, seed });
  return adam({ learningRate: method === 'LoRA' ? warmedUp(rate, steps) : cyclic });
}

/** A random matrix of a rank, half as large as the weights are at first: its entries have a variance of 1/(12·width). */
function shiftOf({ width, shift, seed }: Pick<FineTuning, 'width' | 'shift' | 'seed'>, path: string): Tensor {
  const key = random.fold(random.key(seed), 'shift', path);
  const size = (12 * width) ** -0.5;
  if (shift >= width) return noGrad(() => mul(random.normal(key, [width, width]), size));
  const [left, right] = ['left', 'right'].map((part) => random.fold(key, part)) as [typeof key, typeof key];
  return noGrad(() =>
    mul(matmul(random.normal(left, [width, shift]), random.normal(right, [shift, width])), size * shift ** -0.5),
  );
}

/** All inputs of a linear map at once. */
function everything(model: MLP, width: number) {
  const x = eye(width);
  return { x, y: noGrad(() => model.forward(x)) };
}
