// Flora on a linear teacher, with two ranks and with the leading singular directions.
import {
  applyUpdates,
  chain,
  compress,
  ema,
  noGrad,
  type Projector,
  projectors,
  random,
  scale,
  scope,
  zeros,
} from 'floragrad';

/** ‖W − W*‖²/‖W*‖² after 0, 1, …, `steps` steps of each track. */
export async function unbiased(steps = 1000): Promise<number[][]> {
  const { gaussian, svd } = projectors;
  return Promise.all([train(steps, gaussian, 4), train(steps, gaussian, 16), train(steps, svd, 4)]);
}

async function train(steps: number, projector: Projector, rank: number): Promise<number[]> {
  const target = random.normal(random.fold(random.key(1), 'teacher'), [32, 32]).mul(32 ** -0.5);
  const params = { weight: zeros([32, 32]) };
  const momentum = { projector, rank, inner: ema({ decay: 0.9 }) };
  const transform = chain(compress({ ...momentum, refreshEvery: 20, onRefresh: 'reset', seed: 1 }), scale(-0.01));
  const left = () => noGrad(() => params.weight.sub(target).square().sum()).item();
  const size = await target.square().sum().item();
  const losses = [(await left()) / size];
  let state = transform.init(params);
  while (losses.length <= steps) {
    state = scope(() => {
      const [updates, next] = transform.update({ weight: params.weight.sub(target) }, state, params);
      applyUpdates(params, updates);
      return next;
    });
    losses.push((await left()) / size);
  }
  return losses;
}
