// Flora on a linear teacher of full rank: what becomes of the momentum where the projection is drawn anew.
import { applyUpdates, chain, compress, ema, noGrad, projectors, random, scale, scope, zeros } from 'floragrad';

type OnRefresh = 'reset' | 'transfer';

/** ‖W − W*‖²/‖W*‖² after 0, 1, …, `steps` steps of each track. */
export async function refreshing(steps = 1500): Promise<number[][]> {
  return Promise.all([
    train(steps, 20, 'reset', 0.01),
    train(steps, 20, 'transfer', 0.03),
    train(steps, Infinity, 'reset', 0.03),
  ]);
}

async function train(
  steps: number,
  refreshEvery: number,
  onRefresh: OnRefresh,
  learningRate: number,
): Promise<number[]> {
  const target = random.normal(random.fold(random.key(1), 'teacher'), [32, 32]).mul(32 ** -0.5);
  const params = { weight: zeros([32, 32]) };
  const momentum = { projector: projectors.gaussian, rank: 2, inner: ema({ decay: 0.9 }) };
  const transform = chain(compress({ ...momentum, refreshEvery, onRefresh, seed: 1 }), scale(-learningRate));
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
