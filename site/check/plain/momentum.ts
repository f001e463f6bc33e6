// An MLP tells the arms of a spiral apart: plain gradient descent, with momentum, and with a compressed one.
import * as f from 'floragrad';

/** Cross entropy after 0, 1, …, `steps` steps of each track. */
export async function momentum(steps = 1000): Promise<number[][]> {
  const inner = f.ema({ decay: 0.9 });
  const middle: f.Filter = (path) => path === 'layers.1.weight' || 'another';
  const subspace = { rank: 8, refreshEvery: 100, onRefresh: 'transfer', filter: middle, seed: 1 } as const;
  return [
    await train(steps, f.scale(-2)),
    await train(steps, f.chain(inner, f.scale(-10))),
    await train(steps, f.chain(f.compress({ projector: f.projectors.gaussian, inner, ...subspace }), f.scale(-5))),
  ];
}

async function train(steps: number, transform: f.GradientTransform<unknown>): Promise<number[]> {
  const key = f.random.key(1);
  const noise = f.random.normal(f.random.fold(key, 'points'), [200, 2]).dataSync();
  const points = Array.from({ length: 200 }, (_, i) => {
    const radius = 0.2 + (0.8 * i) / 200;
    const angle = 2 * Math.PI * radius + Math.PI * (i % 2);
    const [dx, dy] = [0.02 * (noise[2 * i] as number), 0.02 * (noise[2 * i + 1] as number)];
    return [radius * Math.cos(angle) + dx, radius * Math.sin(angle) + dy];
  });
  const [x, arms] = [f.tensor(points), f.tensor(Int32Array.from(points, (_, i) => i % 2))];
  const model = new f.MLP({ sizes: [2, 32, 32, 2], activation: 'tanh', key: f.random.fold(key, 'model') });
  const loss = () => f.crossEntropy(model.forward(x), arms);
  const training = f.trainer({ model, transform, loss, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push(await training.step(undefined).loss);
  return [...losses, await f.noGrad(loss).item()];
}
