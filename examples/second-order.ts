// Newton's method for logistic regression: Hessian-vector products and conjugate gradients, beside gradient descent.
import { grad, hvp, random, scope, type Tensor, zeros } from '../src/index';

const [points, features, key] = [200, 8, random.key(0)];
const scales = random.uniform(random.fold(key, 'scales'), [features]).mul(4).exp(); // from 1 to 55: badly conditioned
const x = random.normal(random.fold(key, 'x'), [points, features]).mul(scales);
const teacher = random.normal(random.fold(key, 'teacher'), [features, 1]).div(scales.reshape([features, 1]));
const noise = random.normal(random.fold(key, 'noise'), [points, 1]);
const y = x.matmul(teacher).add(noise).sign(); // [points, 1] of ±1

/** Mean of log(1 + exp(−y·xw)), and a little of ‖w‖² so that the smallest is unique. Shapes: w [features, 1]. */
const loss = (w: Tensor): Tensor => x.matmul(w).mul(y).neg().exp().add(1).log().mean().add(w.square().sum().mul(1e-3));

/** d with H·d = g by conjugate gradients: H is only ever multiplied by a vector. */
function solve(w: Tensor, g: Tensor): Tensor {
  let [d, residual, direction] = [zeros(g.shape), g, g];
  for (let i = 0; i < features; i++) {
    const product = hvp(loss)(w, direction);
    const squared = residual.square().sum();
    const reach = squared.div(direction.mul(product).sum());
    d = d.add(direction.mul(reach));
    residual = residual.sub(product.mul(reach));
    direction = residual.add(direction.mul(residual.square().sum().div(squared)));
  }
  return d;
}

const length = (w: Tensor): Tensor => grad(loss)(w).square().sum().sqrt();
let [newton, descent] = [zeros([features, 1]), zeros([features, 1])];
for (let step = 0; step <= 8; step++) {
  const numbers = [loss(newton), length(newton), loss(descent), length(descent)].map((t) => t.item());
  const [a, b, c, d] = (await Promise.all(numbers)) as [number, number, number, number];
  console.log(
    `${step}: Newton ${a.toFixed(4)}, gradient ${b.toPrecision(1)}; descent ${c.toFixed(4)}, ${d.toPrecision(1)}`,
  );
  newton = scope(() => newton.sub(solve(newton, grad(loss)(newton))));
  descent = scope(() => descent.sub(grad(loss)(descent).mul(0.003))); // twice that overshoots
}
