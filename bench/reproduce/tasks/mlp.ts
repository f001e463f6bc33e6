import {
  type GradientTransform,
  MLP,
  type Module,
  mseLoss,
  noGrad,
  random,
  type Tensor,
  trainer,
} from '../../../src/index';
import { finite } from './finite';

/** Fixed inputs and what a teacher makes of them. */
export interface Examples {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** An MLP of one hidden layer whose three widths are `width`. */
export function mlp(width: number, seed: number, part: string): MLP {
  return new MLP({ sizes: [width, width, width], activation: 'tanh', key: random.fold(random.key(seed), part) });
}

/** `samples` normal inputs and the outputs of a model. */
export function examplesOf(model: MLP, width: number, samples: number, seed: number): Examples {
  const x = random.normal(random.fold(random.key(seed), 'inputs'), [samples, width]);
  return { x, y: noGrad(() => model.forward(x)) };
}

/** Train on all examples at once; the mean squared error after the last step, null where it diverged. */
export async function learnExamples(
  model: MLP & Module,
  { x, y }: Examples,
  transform: GradientTransform<unknown>,
  { steps, seed }: { readonly steps: number; readonly seed: number },
): Promise<number | null> {
  const loss = (): Tensor => mseLoss(model.forward(x), y);
  const training = trainer({ model, transform, loss, seed });
  return finite(async () => {
    for (let step = 0; step < steps; step++) await training.step(undefined).loss;
    return await noGrad(loss).item();
  });
}
