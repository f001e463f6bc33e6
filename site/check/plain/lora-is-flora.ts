// Flora with one projection, LoRA with this projection as a frozen A, and LoRA that trains it.
import * as f from 'floragrad';

const rank = 4;
const { gaussian } = f.projectors;
const momentum = () => f.ema({ decay: 0.9 });

/** ‖W − W*‖²/‖W*‖² after 0, 1, …, `steps` steps of each track. */
export async function loraIsFlora(steps = 300): Promise<number[][]> {
  const flora = { projector: gaussian, rank, inner: momentum(), refreshEvery: Infinity, onRefresh: 'reset' } as const;
  const projection = gaussian.sample(f.random.fold(f.random.key(1), 'weight', 'projection', 0), [32, 32], rank);
  const init = () => ({ A: gaussian.down(projection, f.eye(32)).transpose() });
  const withLora = (freezeA: boolean) => (layer: f.Linear) => {
    f.lora(layer, { rank, alpha: rank, freezeA, init });
    return momentum();
  };
  const tracks = [() => f.compress({ ...flora, seed: 1 }), withLora(true), withLora(false)];
  const losses: number[][] = [];
  for (const track of tracks) losses.push(await train(steps, track));
  return losses;
}

async function train(steps: number, method: (layer: f.Linear) => f.GradientTransform<unknown>): Promise<number[]> {
  const target = f.random.normal(f.random.fold(f.random.key(1), 'teacher'), [32, 32]).mul(32 ** -0.5);
  const model = new f.Linear(32, 32, { bias: false, key: f.random.key(0) });
  model.load({ weight: f.zeros([32, 32]) });
  const transform = f.chain(method(model), f.scale(-0.01));
  const loss = () => model.forward(f.eye(32)).transpose().sub(target).square().sum().mul(0.5);
  const size = await target.square().sum().item();
  const training = f.trainer({ model, transform, loss, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((2 * (await training.step(undefined).loss)) / size);
  return [...losses, (2 * (await f.noGrad(loss).item())) / size];
}
