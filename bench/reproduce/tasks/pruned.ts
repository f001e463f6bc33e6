import {
  adam,
  gradientSvd,
  lora,
  lors,
  type Module,
  mergeAdapters,
  mseLoss,
  noGrad,
  prune,
  type Tensor,
  trainer,
} from '../../../src/index';
import { finite } from './finite';
import { type Examples, examplesOf, mlp } from './mlp';
import { warmedUp } from './schedule';

/** An MLP whose weights are half pruned learns what it was before. */
export interface Recovery {
  readonly width: number;
  readonly rank: number;
  readonly steps: number;
  readonly method: 'none' | 'LoRA, dense' | 'sp-lora' | 'lors';
  readonly rate: number;
  readonly seed: number;
}

/** What comes of it. */
export interface Recovered {
  /** Mean squared error after training; null where it diverged. */
  readonly loss: number | null;
  /** How many of the numbers that pruning made zero are zero after merging. */
  readonly zeros: number;
  readonly pruned: number;
}

export async function recover({ width, rank, steps, method, rate, seed }: Recovery): Promise<Recovered> {
  const model = mlp(width, seed, 'pruned');
  const examples = examplesOf(model, width, 8 * width, seed);
  prune(model, { sparsity: 0.5 });
  const holes = await zerosOf(model);
  const loss = await train(model, examples, { rank, steps, method, rate, seed });
  const after = await zerosOf(model);
  return {
    loss,
    zeros: holes.reduce((kept, zero, i) => kept + Number(zero && after[i]), 0),
    pruned: holes.filter(Boolean).length,
  };
}

async function train(
  model: Module & { forward(x: Tensor): Tensor },
  { x, y }: Examples,
  { rank, steps, method, rate, seed }: Omit<Recovery, 'width'>,
): Promise<number | null> {
  const loss = (): Tensor => mseLoss(model.forward(x), y);
  if (method === 'none') return noGrad(loss).item();
  if (method === 'LoRA, dense') lora(model, { rank, alpha: rank, seed });
  else {
    const init = gradientSvd({ loss, batches: [undefined] });
    lors(model, { method, rank, alpha: rank, rankStabilized: false, seed, init });
  }
  const training = trainer({ model, transform: adam({ learningRate: warmedUp(rate, steps) }), loss, seed });
  return finite(async () => {
    for (let step = 0; step < steps; step++) await training.step(undefined).loss;
    mergeAdapters(model);
    return noGrad(loss).item();
  });
}

async function zerosOf(model: Module): Promise<boolean[]> {
  const weights = Object.entries(model.parameters()).filter(([path]) => path.endsWith('.weight'));
  const values = await Promise.all(weights.map(([, weight]) => weight.data()));
  return values.flatMap((each) => Array.from(each, (x) => x === 0));
}
