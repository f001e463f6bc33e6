// Flora with new projections and with one, and LoRA, on a linear teacher of full rank.
import * as f from 'floragrad';

const rank = 2;
const { gaussian } = f.projectors;
const inner = f.ema({ decay: 0.9 });

/** ‖W − W*‖²/‖W*‖² after 0, 1, …, `steps` steps of each track. */
export async function rankGrows(steps = 600): Promise<number[][]> {
  const flora = (refreshEvery: number) => () =>
    f.compress({ projector: gaussian, rank, inner, refreshEvery, onRefresh: 'reset', seed: 1 });
  const projection = gaussian.sample(f.random.fold(f.random.key(1), 'weight', 'projection', 0), [32, 32], rank);
  const lora = (layer: f.Linear) => {
    f.lora(layer, { rank, alpha: rank, init: () => ({ A: gaussian.down(projection, f.eye(32)).transpose() }) });
    return inner;
  };
  const losses: number[][] = [];
  for (const track of [flora(30), flora(Infinity), lora]) losses.push(await train(steps, track));
  return losses;
}

async function train(steps: number, method: (layer: f.Linear) => f.GradientTransform<unknown>): Promise<number[]> {
  const target = f.random.normal(f.random.fold(f.random.key(1), 'teacher'), [32, 32]).mul(32 ** -0.5);
  const model = new f.Linear(32, 32, { bias: false, key: f.random.key(0) });
  model.load({ weight: f.zeros([32, 32]) });
  const transform = f.chain(method(model), f.scale(-0.1));
  const loss = () => model.forward(f.eye(32)).transpose().sub(target).square().sum().mul(0.5);
  const size = await target.square().sum().item();
  const training = f.trainer({ model, transform, loss, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((2 * (await training.step(undefined).loss)) / size);
  return [...losses, (2 * (await f.noGrad(loss).item())) / size];
}
