// Lesson 2: reverse mode by hand
// Ten minutes. Before it: lesson 1, and the chain rule. You learn what an operation owes to reverse mode, how a numeric
// derivative convicts a wrong one, and you write such a rule.
import { customVjp, grad, gradCheck, mul, random, type Tensor, tensor } from 'floragrad';

// 1. A loss L is one number, and what is wanted is how it changes with every number before it. Reverse mode goes from L
// back. It carries the *cotangent* of each tensor y: ȳ = ∂L/∂y, of the shape of y. An operation y = f(x) owes one rule, its
// vjp, which takes ȳ to x̄:
//
//     x̄ⱼ = Σᵢ ȳᵢ·∂yᵢ/∂xⱼ
//
//     y = x²         x̄ = 2·x·ȳ
//     C = A·B        Ā = C̄·Bᵀ,  B̄ = Aᵀ·C̄         the only ones that have the right shapes
//     y = x + b      b̄ = Σ ȳ over the axes along which b was used again
//
// For L = Σ x³ there are two rules on the way. Here they are taken by hand, and by the library:
const x = tensor([1, 2, 3]);
const square = x.square();
const ofCube = tensor([1, 1, 1]); //                     L = Σ (x²·x): every element counts once
const ofSquare = ofCube.mul(x); //                       x²·x = a·b with a = x²: ā = b
const ofX = ofCube.mul(square).add(ofSquare.mul(x).mul(2)); // x was used twice: its two cotangents add up
console.log(await ofX.array()); // prints [ 3, 12, 27 ]
console.log(await grad((t: Tensor) => t.square().mul(t).sum())(x).array()); // prints [ 3, 12, 27 ]

// 2. How do you know that a rule is right? Compare with a difference: (f(x + h) − f(x − h))/2h. Its error falls with h²,
// until rounding takes over: f is known to 16 digits only, and dividing by 2h makes the rest larger. For eˣ at 1:
for (const h of [1e-1, 1e-2, 1e-3, 1e-12]) {
  const slope = (Math.exp(1 + h) - Math.exp(1 - h)) / (2 * h);
  console.log(`h = ${h}: off by ${Math.abs(slope - Math.E).toPrecision(1)}`);
}
// prints
//   h = 0.1: off by 0.005
//   h = 0.01: off by 0.00005
//   h = 0.001: off by 5e-7
//   h = 1e-12: off by 0.0002

// 3. `customVjp` makes an operation of a value and a rule; `gradCheck` compares the two, with an h of its own choice in each
// coordinate. `forward` also returns what the rule will need. This one forgot the 2:
const wrong = customVjp({ forward: (t: Tensor) => [t.square(), t], vjp: (g, t) => [mul(g, t)] });
const right = customVjp({ forward: (t: Tensor) => [t.square(), t], vjp: (g, t) => [mul(g, t).mul(2)] });
const at = random.normal(random.key(0), [4]);
console.log((await gradCheck(wrong, at)).passed, (await gradCheck(right, at)).passed); // prints false true

// 4. Exercise. Scaling each row of x [n, d] to length 1 is
//
//     s = √(Σₖ xₖ²)      [n, 1]
//     y = x/s            [n, d]
//
// Write its vjp: from the cotangent g of y, from y and from s to the cotangent of x, all [n, d] but for s. If x moves by dx,
// then s moves by ds = Σₖ yₖ·dxₖ, and y by dy = dx/s − x·ds/s² = (dx − y·ds)/s. Write Σ g·dy as Σ (…)·dx: the bracket is x̄.
export function unitRowsVjp(g: Tensor, y: Tensor, s: Tensor): Tensor {
  throw new Error(`your turn: the cotangent of x from g [${g.shape}], y [${y.shape}] and s [${s.shape}]`);
}
