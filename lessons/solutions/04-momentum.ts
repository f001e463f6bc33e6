import { type GradientTransform, mapParams, type Tensor, transform, zeros } from 'floragrad';
import type { HeavyBall } from '../04-momentum';

export function heavyBall(beta: number): GradientTransform<HeavyBall> {
  return transform<HeavyBall>({
    name: 'heavyBall',
    init: (params) => ({ sum: mapParams(params, ({ shape }) => zeros(shape)) }),
    update(grads, state) {
      const moved = mapParams(grads, (g, path) => (state.sum[path] as Tensor).mul(beta).add(g)); // b ← β·b + g
      // `moved` has the paths of this step's gradients only. Spread over the old record, it leaves the b of the others.
      return [moved, { sum: { ...state.sum, ...moved } }];
    },
  });
}
