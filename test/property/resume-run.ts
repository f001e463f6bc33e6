import {
  type Checkpoint,
  type GradientTransform,
  mul,
  type Params,
  random,
  sum,
  type Tensor,
  type Trainer,
  tanh,
  tensor,
  trainer,
} from '../../src/index';
import type { TransformRow } from '../laws/transforms';

/** Parameters of several shapes, under names that a careless file trips over; the rows ask for some by name. */
const shapes = {
  'always.weight': [6, 5],
  'layer.weight': [4, 7],
  'layer.bias': [7],
  constructor: [3, 3],
  '0': [2],
  ['__proto__']: [3],
  scalar: [],
} as const;

/** A trainer of a row: a loss in which every step has noise of its own key, and gradients that do not vanish. */
export function trainerOf(
  { make, needs = {} }: Pick<TransformRow, 'make'> & Partial<Pick<TransformRow, 'needs'>>,
  seed: number,
  saved?: Checkpoint,
): Trainer<unknown, number> & { readonly transform: GradientTransform<unknown> } {
  const root = random.fold(random.key(seed), 'resume');
  const params: Params =
    saved?.parameters ??
    Object.fromEntries(
      Object.entries({ ...shapes, ...needs.always }).map(([path, shape], i) => [
        path,
        random.normal(random.fold(root, i), shape),
      ]),
    );
  const transform = make();
  const loss = (batch: number, { key }: { key: Parameters<typeof random.fold>[0] }): Tensor => {
    let total: Tensor = tensor(0);
    for (const [i, x] of Object.values(params).entries()) {
      const noise = random.normal(random.fold(key, i, batch), x.shape);
      total = total.add(sum(mul(tanh(x.mul(0.3)), noise.add(0.2))));
    }
    return total;
  };
  const training = trainer({ params, transform, loss, seed, ...(saved && { resume: saved }) });
  return Object.assign(Object.create(training) as typeof training, { transform });
}

/** Train from one step to another; the batch is the number of the step, so the position of the data is that number. */
export function trainUntil(training: Trainer<unknown, number>, steps: number): number[] {
  const losses: number[] = [];
  while (training.steps < steps) losses.push(training.step(training.steps).loss as number);
  return losses;
}

export function checkpointOf({ parameters, state, steps }: Trainer<unknown, number>): Checkpoint {
  return { parameters, state, steps, position: { batch: steps } };
}
