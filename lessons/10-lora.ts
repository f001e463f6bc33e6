// Lesson 10: LoRA is Flora with a fixed projection
// Ten minutes. Before it: lessons 2 and 8. You learn what training B in W + B·A does to W, why that is a random projection
// of the gradient, and you write it as a gradient transform.
import { applyUpdates, type GradientTransform, grad, linalg, mseLoss, random, type Tensor, zeros } from 'floragrad';

// 1. LoRA leaves a weight W [n, m] as it is and learns a small change beside it: B·A, with A [r, m] and B [n, r]. At first
// A is random and B = 0, so that nothing changes at the start. Let G be the gradient of the loss with respect to the whole
// W + B·A. Then, by the rule of a product (lesson 2):
//
//     B̄ = G·Aᵀ,  Ā = Bᵀ·G          Ā = 0 as long as B is
//
// So at first only B moves, B ← B − η·G·Aᵀ, and with it
//
//     W + B·A ← W + B·A − η·G·Aᵀ·A
//
// This is Flora's way down and up. To first order in η LoRA *is* a random projection of the gradient, one that is never
// refreshed.
const [n, m, r] = [16, 16, 2];
const key = random.key(4);
const x = random.normal(random.fold(key, 'x'), [64, m]);
const teacher = random.normal(random.fold(key, 'teacher'), [n, m]).mul(m ** -0.5);
const y = x.matmul(teacher, { transposeB: true });
const A0 = random.normal(random.fold(key, 'A'), [r, m]).mul(r ** -0.5);
/** The loss of a weight W [n, m]. */
const loss = (W: Tensor): Tensor => mseLoss(x.matmul(W, { transposeB: true }), y);

/** B·A after some steps of gradient descent on both. */
function lora(rate: number, steps: number): Tensor {
  const params = { A: A0.clone(), B: zeros([n, r]) };
  for (let t = 0; t < steps; t++) {
    const grads = grad((p: typeof params) => loss(p.B.matmul(p.A)))(params);
    applyUpdates(params, { A: grads.A.mul(-rate), B: grads.B.mul(-rate) });
  }
  return params.B.matmul(params.A);
}

/** W after as many steps of W ← W − η·G·A₀ᵀ·A₀. */
function projected(rate: number, steps: number): Tensor {
  const params = { W: zeros([n, m]) };
  for (let t = 0; t < steps; t++) {
    const G = grad(loss)(params.W);
    applyUpdates(params, { W: G.matmul(A0, { transposeB: true }).matmul(A0).mul(-rate) });
  }
  return params.W;
}

// 2. How well does that hold? The terms that were left out, Ā = Bᵀ·G, have B, which is of order η. So the difference should
// fall with η²: a tenth of the rate, a hundredth of the difference.
for (const rate of [1, 0.1, 0.01]) {
  const [a, b] = [lora(rate, 10), projected(rate, 10)];
  const off = Math.sqrt((await a.sub(b).square().sum().item()) / (await b.square().sum().item()));
  console.log(`rate ${rate}: relative difference ${off.toPrecision(1)}`);
}
// prints
//   rate 1: relative difference 0.3
//   rate 0.1: relative difference 0.009
//   rate 0.01: relative difference 0.0001

// 3. What does it cost? B·A has rank r for ever: at most r singular values are not 0, however long one trains.
const { s } = linalg.svd(lora(1, 300));
console.log(
  [...(await s.data())]
    .slice(0, 4)
    .map((value) => value.toFixed(2))
    .join(' '),
);
// prints
//   1.80 1.44 0.00 0.00

// With a new A every κ steps, as in lesson 9, the sum of all updates has rank 2, 4, 6, … That is what Flora adds to LoRA.

// Exercise. LoRA with A frozen (LoRA-FA), without B: a gradient transform without a state, whose updates for W are what B·A
// would change by. Given A [r, m] and the gradient of W [n, m], with `scale(-rate)` behind it.
export function frozenLora(A: Tensor): GradientTransform<readonly []> {
  throw new Error(`your turn: a transform({ name, init, update }) that projects gradients by A [${A.shape}]`);
}
