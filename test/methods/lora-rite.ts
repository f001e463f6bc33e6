// LoRA-RITE (arXiv 2410.20625): Adam in a basis that does not depend on how s·B·A is factored, so that (B, A) and (B·T, T⁻¹·A)
// move alike. Each factor's step needs the other factor, and the clip all of them.
import {
  add,
  div,
  factorPairs,
  type GradientTransform,
  greater,
  linalg,
  matmul,
  maximum,
  mean,
  mul,
  type Params,
  sqrt,
  square,
  sum,
  type Tensor,
  transform,
  transpose,
  where,
  zeros,
} from '../../src/index';

/** Of one factor F [d, r] (Aᵀ or B): first and second moment, and the basis of the other factor at the last step. */
interface Side {
  readonly m: Tensor;
  readonly v: Tensor;
  readonly basis: Tensor;
}
interface RiteState {
  readonly step: number;
  readonly sides: Readonly<Record<string, Side>>;
}

export function loraRite({ learningRate = 1e-3, beta1 = 0.9, beta2 = 0.99, epsilon = 1e-6, clip = 1 } = {}) {
  /** β·(1 − β^t)/(1 − β^(t + 1)), whose mean needs no correction. */
  const selfDebiasing = (beta: number, t: number): number => (beta * (1 - beta ** t)) / (1 - beta ** (t + 1));

  const method: GradientTransform<RiteState> = transform({
    name: 'loraRite',
    init(params) {
      const sides = factorPairs(params).flatMap(({ A, B }) => {
        const [r, inputs] = at(params, A).shape as [number, number];
        const outputs = at(params, B).shape[0] as number;
        const side = (d: number, other: number): Side => ({
          m: zeros([d, r]),
          v: zeros([r, r]),
          basis: zeros([other, r]),
        });
        return [
          [A, side(inputs, outputs)],
          [B, side(outputs, inputs)],
        ] as const;
      });
      return { step: 0, sides: Object.fromEntries(sides) };
    },
    update(grads, state, params) {
      const [b1, b2] = [selfDebiasing(beta1, state.step), selfDebiasing(beta2, state.step)];
      // Unmagnified gradients: that of Aᵀ times R_B⁺, that of B times R_A⁺.
      const sides = factorPairs(params).flatMap(({ A, B }) => {
        const [ofA, ofB] = [linalg.qr(transpose(at(params, A))), linalg.qr(at(params, B))];
        return [
          { path: A, flip: true, g: transpose(at(grads, A)), basis: ofB.q, inverse: pseudoInverse(ofB.r) },
          { path: B, flip: false, g: at(grads, B), basis: ofA.q, inverse: pseudoInverse(ofA.r) },
        ].map((side) => ({ ...side, g: calm(matmul(side.g, side.inverse)) }));
      });
      const norm = sqrt(sides.map(({ g }) => sum(square(g))).reduce((a, b) => add(a, b)));
      const shrink = maximum(norm.div(clip), 1);
      const updates: Record<string, Tensor> = {};
      const next: Record<string, Side> = {};
      for (const { path, flip, g: whole, basis, inverse } of sides) {
        const before = state.sides[path] as Side;
        const g = whole.div(shrink);
        const carry = matmul(basis, before.basis, { transposeA: true }); // P = Uᵀ·U_old
        const carried = matmul(matmul(carry, before.v), carry, { transposeB: true });
        const v = add(mul(carried, b2), mul(matmul(g, g, { transposeA: true }), (1 - b2) / (g.shape[0] as number)));
        const { values, vectors } = linalg.eigh(v);
        const roots = add(sqrt(maximum(values, 0)), epsilon);
        const u = matmul(matmul(g, vectors.div(roots)), vectors, { transposeB: true }); // g·V^(−½)
        const m = add(mul(matmul(before.m, carry, { transposeB: true }), b1), mul(u, 1 - b1));
        const step = mul(matmul(m, inverse, { transposeB: true }), -learningRate); // −η·M·R^(−T)
        updates[path] = flip ? transpose(step) : step;
        next[path] = { m, v, basis };
      }
      return [updates, { step: state.step + 1, sides: next }];
    },
  });
  return method;
}

/** Skip what is far too large. */
const calm = (g: Tensor): Tensor => where(greater(mean(square(g)), 1), 0, g);

/** R⁺ of a small square matrix; 0 of 0. */
function pseudoInverse(r: Tensor): Tensor {
  const { u, s, vt } = linalg.svd(r);
  const inverse = where(greater(s, 1e-6), div(1, maximum(s, 1e-6)), 0);
  return matmul(mul(transpose(vt), inverse), u, { transposeB: true });
}

const at = (leaves: Params, path: string): Tensor => leaves[path] as Tensor;
