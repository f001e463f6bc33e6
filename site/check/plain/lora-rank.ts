// LoRA and PeriodicLoRA on a linear teacher of full rank, from A that Flora would draw.
import * as f from 'floragrad';

/** ‖W − W*‖²/‖W*‖² after 0, 1, …, `steps` steps of each track. */
export async function loraRank(steps = 800): Promise<number[][]> {
  const step = () => f.chain(f.ema({ decay: 0.9 }), f.scale(-1));
  const plain = (rank: number) => (layer: f.Linear) => {
    f.lora(layer, { rank, alpha: rank, init: firstFactor });
    return step();
  };
  const inStages = (layer: f.Linear) =>
    f.periodicLora(layer, { rank: 2, alpha: 2, seed: 1, stageSteps: 100, inner: step(), init: firstFactor }).transform;
  return [await train(steps, plain(2)), await train(steps, inStages), await train(steps, plain(16))];
}

/** A [r, 32] of a gaussian projection: in the first stage the one of Flora with seed 1. */
function firstFactor({ rank, key, stage }: f.DrawSite): f.Factors {
  const drawn = stage === 0 ? f.random.fold(f.random.key(1), 'weight', 'projection', 0) : key;
  const projection = f.projectors.gaussian.sample(drawn, [32, 32], rank);
  return { A: f.projectors.gaussian.down(projection, f.eye(32)).transpose() };
}

async function train(steps: number, adapt: (layer: f.Linear) => f.GradientTransform<unknown>): Promise<number[]> {
  const target = f.random.normal(f.random.fold(f.random.key(1), 'teacher'), [32, 32]).mul(32 ** -0.5);
  const model = new f.Linear(32, 32, { bias: false, key: f.random.key(0) });
  model.load({ weight: f.zeros([32, 32]) });
  const transform = adapt(model);
  const loss = () => model.forward(f.eye(32)).transpose().sub(target).square().sum().mul(0.5);
  const size = await target.square().sum().item();
  const training = f.trainer({ model, transform, loss, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((2 * (await training.step(undefined).loss)) / size);
  return [...losses, (2 * (await f.noGrad(loss).item())) / size];
}
