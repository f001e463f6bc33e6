// Lesson 4: gradient descent and momentum
// Ten minutes. Before it: lesson 2. You learn why plain gradient descent is slow in a narrow valley, what momentum changes,
// and you write it as a gradient transform.
import {
  applyUpdates,
  chain,
  type GradientTransform,
  mapParams,
  type Params,
  scale,
  sgd,
  sign,
  tensor,
  transform,
} from 'floragrad';

// 1. A valley: f(x) = ½·(1·x₀² + 100·x₁²), a hundred times steeper across than along. Its gradient is (x₀, 100·x₁), and a
// step is
//
//     x ← x − η·g           each coordinate is multiplied by 1 − η·λ in every step, λ = 1 and 100
//
// For η > 2/100 the steep one grows. Just below, the flat one shrinks by 2 % a step. The best η, 2/(1 + 100), makes both
// factors ±99/101: the number of steps grows with the *condition number* κ = 100.
const steepness = tensor([1, 100]);

async function stepsUntilDone<S>(descent: GradientTransform<S>): Promise<number> {
  const params = { x: tensor([1, 1]) };
  let state = descent.init(params);
  for (let step = 1; ; step++) {
    const [updates, next] = descent.update({ x: params.x.mul(steepness) }, state, params);
    applyUpdates(params, updates);
    state = next;
    if ((await params.x.square().sum().item()) < 1e-6 || step === 5000) return step;
  }
}

console.log(`gradient descent: ${await stepsUntilDone(sgd({ learningRate: 2 / 101 }))} steps`);
// prints
//   gradient descent: 363 steps

// 2. Momentum remembers: a decaying sum of the gradients so far,
//
//     b ← β·b + g
//     x ← x − η·b
//
// Across the valley gradients change sign and cancel; along it they agree and add up, to 1/(1 − β) of one. With the best
// numbers, η = 4/(√100 + √1)² and β = ((√100 − 1)/(√100 + 1))², a step shrinks what is left by about √β = 9/11: the number of
// steps grows with √κ.
const [rate, decay] = [4 / 121, (9 / 11) ** 2];
console.log(`with momentum: ${await stepsUntilDone(sgd({ learningRate: rate, momentum: decay }))} steps`);
// prints
//   with momentum: 58 steps

// 3. A gradient transform is two functions. `init(params)` gives the first state; `update(grads, state, params)` gives
// updates, and the next state. It is pure: what it remembers is in the state that it returns, never in a variable of its
// own. Tensors are in records by the path of their parameter, and `mapParams` applies a function to each. One without a
// state:
const signs: GradientTransform<readonly []> = transform({
  name: 'signs',
  init: () => [] as const,
  update: (grads, state) => [mapParams(grads, (g) => sign(g)), state],
});
const params = { w: tensor([1, 1]) };
const grads = { w: tensor([0.5, -20]) };
const [directions] = signs.update(grads, signs.init(params), params);
console.log(await directions.w?.array()); // prints [ 1, -1 ]

// The learning rate and its minus sign are a part of their own, and `chain` puts it behind: its gradients are these updates.
const descent = chain(signs, scale(-0.25));
const [updates] = descent.update(grads, descent.init(params), params);
console.log(await updates.w?.array()); // prints [ -0.25, 0.25 ]

// 4. Exercise. Momentum as such a transform: b ← β·b + g, and the update is b. At first b is zero. A step may bring gradients
// for some parameters only: then there is an update for those alone, and the b of the others stays as it is.
// `zeros(shape)` gives a first b, and `state.sum[path]` an old one.
export interface HeavyBall {
  /** b of every parameter, by path. */
  readonly sum: Params;
}

export function heavyBall(beta: number): GradientTransform<HeavyBall> {
  throw new Error(`your turn: a transform({ name, init, update }) with b ← ${beta}·b + g`);
}
