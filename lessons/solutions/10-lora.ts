import { type GradientTransform, mapParams, type Tensor, transform } from 'floragrad';

export function frozenLora(A: Tensor): GradientTransform<readonly []> {
  return transform({
    name: 'frozenLora',
    init: () => [] as const,
    update: (grads, state) => {
      // dB = G·Aᵀ [n, r] is the gradient of B, and a change dB of B changes the weight by dB·A [n, m]. Not the orthogonal
      // projection on the rows of A: that would be G·Aᵀ·(A·Aᵀ)⁻¹·A, which gradient descent on B does not compute.
      const updates = mapParams(grads, (G) => G.matmul(A, { transposeB: true }).matmul(A));
      return [updates, state];
    },
  });
}
