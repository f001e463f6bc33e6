import { either, kindOf, number, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { growthKind, growthLimited, type NormLimit, noLimit } from '../optim/parts/limit-norm-growth';
import { add } from '../tensor/ops/elementwise/add';
import { mul } from '../tensor/ops/elementwise/mul';
import { sub } from '../tensor/ops/elementwise/sub';
import type { Combine } from './combine';
import { rankAxis } from './projector';
import { scaleByChannels } from './scale-by-channels';

export const recoveryGrowth = either(
  growthKind,
  kindOf<number>('Infinity for no limit', (value) => value === Infinity),
);

const liftRecoveredOptions = {
  /** c, the size of compressed steps against the others (default 1). */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
  /** γ, by which the norm of what is recovered may grow in a step, or Infinity (default 1.01). */
  growth: optional(recoveryGrowth, 1.01),
};

/** Scale and limit. */
export interface LiftRecoveredOptions extends OptionsOf<typeof liftRecoveredOptions> {}

/**
 * `liftScaled`, and what the projection drops beside it: with C = down(G) and N what the inner transform makes of it,
 *
 *     c·up(N) + Res        Res = φ ⊙ (G − c·up(C)), limited to γ times the last norm        φ_j = ‖N_j‖/‖C_j‖
 *
 * so that a step has full rank and dropped directions move at the pace of the others. For c = 1 and orthonormal rows Res is
 * orthogonal to the subspace; for another c it keeps (1 − c) of the gradient in it, as the published code has it.
 * The inner transform should leave N without bias correction: correct after it, for the limiter goes by the norm of Res.
 * @throws OptionError `projector/both-sides`, `options/…`
 * @see Chen et al., "Fira", arXiv 2410.01623, equation 9; SubTrack++ (arXiv 2502.01586) calls it recovery scaling.
 */
export function liftRecovered<S>(options: LiftRecoveredOptions = {}): Combine<S, NormLimit | undefined> {
  if (arguments.length > 1) refuseExtra('liftRecovered', arguments, 1);
  const { scale, growth } = readOptions('liftRecovered', liftRecoveredOptions, options);
  const step: Combine<S, NormLimit | undefined> = (G, leaf, { refresh, down, inner, up }) => {
    leaf = refresh(leaf);
    const C = down(leaf, G);
    const [N, next] = inner(leaf, C);
    const lifted = mul(up(next, N), scale);
    const residual = scaleByChannels(sub(G, mul(up(leaf, C), scale)), N, C, rankAxis(leaf.projection));
    if (!leaf.own) return [add(lifted, residual), next];
    const [limited, own] = growthLimited(residual, leaf.own, growth);
    return [add(lifted, limited), { ...next, own }];
  };
  return growth === Infinity ? step : Object.assign(step, { init: () => noLimit() });
}
