import { checkArgument, number, refuseExtra } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import type { Params } from '../../tensor/tensor';
import { stateless } from '../stateless';
import type { GradientTransform, Treatment } from '../transform';

/** factor·u; a descent step has a negative factor, and 0 freezes. */
export function scale(factor: number): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('scale', arguments, 1);
  checkArgument('scale', 'factor', number(), factor);
  const transform = stateless('scale', (u) => mul(u, factor), { linear: true });
  return factor === 0 ? { ...transform, explain: frozen } : transform;
}

function frozen(params: Params): Treatment[] {
  return Object.keys(params).map((path) => ({
    path,
    compressed: false,
    side: null,
    rank: null,
    reason: 'never updated: scaled by 0',
  }));
}
