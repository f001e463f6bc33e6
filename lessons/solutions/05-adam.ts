import { type GradientTransform, mapParams, type Params, type Tensor, transform, zeros } from 'floragrad';
import type { AdamNumbers, Moments } from '../05-adam';

export function adamDirection({ beta1, beta2, epsilon }: AdamNumbers): GradientTransform<Moments> {
  /** The moving mean of each leaf of `now`; those of other leaves stay. */
  const moved = (beta: number, old: Params, now: Params): Params => ({
    ...old,
    ...mapParams(now, (x, path) => (old[path] as Tensor).mul(beta).add(x.mul(1 - beta))),
  });
  return transform<Moments>({
    name: 'adamDirection',
    init: (params) => {
      const empty = mapParams(params, ({ shape }) => zeros(shape));
      return { step: 0, mean: empty, square: empty };
    },
    update(grads, state) {
      const step = state.step + 1; // counted from 1: at 0 both corrections would be 0/0
      const mean = moved(beta1, state.mean, grads);
      const square = moved(
        beta2,
        state.square,
        mapParams(grads, (g) => g.square()),
      );
      const updates = mapParams(grads, (_, path) => {
        const m = (mean[path] as Tensor).div(1 - beta1 ** step); // what the weights of all gradients so far add up to
        const v = (square[path] as Tensor).div(1 - beta2 ** step);
        return m.div(v.sqrt().add(epsilon));
      });
      return [updates, { step, mean, square }];
    },
  });
}
