// Lesson 5: Adam, and the correction of its start
// Ten minutes. Before it: lesson 4. You learn what Adam divides by what, how far off its first steps would be without the
// correction, and you write it.
import { ema, type GradientTransform, type Params, type Tensor, tensor } from 'floragrad';

// 1. Adam keeps two moving means of each number's gradient g, of g and of g²:
//
//     m ← β₁·m + (1 − β₁)·g           β₁ = 0.9
//     v ← β₂·v + (1 − β₂)·g²          β₂ = 0.999
//     u = m/(√v + ε)
//
// m says where to go, √v how large gradients are at this place. The quotient has no unit: with gradients a thousand times as
// large, u is the same. Where g is always the same, m is g and v is g², and u is ±1: the learning rate alone is the step.
//
// 2. "Is" is wrong at the start. Both means begin at 0, as if all gradients before had been 0. Here is m for g = 1:
const mean = ema({ decay: 0.9 });
const params = { w: tensor([0]) };
let state = mean.init(params);
const seen: string[] = [];
for (let t = 1; t <= 4; t++) {
  const [updates, next] = mean.update({ w: tensor([1]) }, state, params);
  state = next;
  seen.push((await (updates.w as Tensor).item()).toFixed(4));
}
console.log(seen.join(' ')); // prints 0.1000 0.1900 0.2710 0.3439

// After t steps the weights of the gradients, (1 − β)·β^(t−1), …, 1 − β, add up to 1 − β^t and not to 1. So a mean of equal
// numbers g is (1 − β^t)·g, and one divides by that:
console.log(seen.map((m, i) => (Number(m) / (1 - 0.9 ** (i + 1))).toFixed(2)).join(' ')); // prints 1.00 1.00 1.00 1.00

// 3. Does it matter, if both m and v are too small? Yes, because they are so by different factors. For g = 1 the uncorrected
// quotient is (1 − β₁^t)/√(1 − β₂^t):
for (const t of [1, 10, 20, 100, 1000, 10000]) {
  const quotient = (1 - 0.9 ** t) / Math.sqrt(1 - 0.999 ** t);
  console.log(`step ${t}: ${quotient.toFixed(2)} times the learning rate`);
}
// prints
//   step 1: 3.16 times the learning rate
//   step 10: 6.53 times the learning rate
//   step 20: 6.24 times the learning rate
//   step 100: 3.24 times the learning rate
//   step 1000: 1.26 times the learning rate
//   step 10000: 1.00 times the learning rate

// For its first hundred steps, when weights are raw and gradients large, Adam without the correction would take steps three
// to six times as long as it was told to.

// 4. Exercise. Adam's direction as a gradient transform (lesson 4 has how one is made), without the learning rate:
//
//     t ← t + 1
//     u = (m/(1 − β₁^t))/(√(v/(1 − β₂^t)) + ε)
//
// with m and v as above. Where a step has no gradient for a parameter, its m and v stay. Tensors have `.square()` and
// `.sqrt()`.
export interface AdamNumbers {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface Moments {
  /** Steps that were taken. */
  readonly step: number;
  readonly mean: Params;
  readonly square: Params;
}

export function adamDirection({ beta1, beta2, epsilon }: AdamNumbers): GradientTransform<Moments> {
  throw new Error(`your turn: Adam with β₁ = ${beta1}, β₂ = ${beta2}, ε = ${epsilon}`);
}
