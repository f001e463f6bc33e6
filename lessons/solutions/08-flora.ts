import type { Combine, EmaState } from 'floragrad';

export const algorithm2: Combine<EmaState> = (gradient, leaf, { refresh, down, inner, up }) => {
  // The refresh comes first: gradient and momentum of this step must be in the same projection, and it is the new one.
  const renewed = refresh(leaf);
  const C = down(renewed, gradient); //     C = G·Aᵀ
  const [M, next] = inner(renewed, C); //   M ← β·M + (1 − β)·C
  return [up(next, M), next]; //            M·A, and the leaf that remembers M: the old one would forget this step
};
