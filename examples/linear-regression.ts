// Fit a line to noisy points: gradients, an optimizer, and a loop, with nothing hidden.
import { add, applyUpdates, mseLoss, mul, random, scope, sgd, tensor, valueAndGrad } from '../src/index';

const key = random.key(0);
const x = random.uniform(random.fold(key, 'x'), [100, 1]);
const noise = mul(random.normal(random.fold(key, 'noise'), [100, 1]), 0.05);
const y = x.mul(3).add(2).add(noise); // slope 3, intercept 2

const params = { slope: tensor([[0]]), intercept: tensor([0]) };
const transform = sgd({ learningRate: 0.5 });
let state = transform.init(params);

for (let step = 0; step < 200; step++) {
  state = scope(() => {
    const { grads } = valueAndGrad(() => mseLoss(add(x.matmul(params.slope), params.intercept), y), params);
    const [updates, next] = transform.update(grads, state, params);
    applyUpdates(params, updates);
    return next; // everything else that the step made is freed here
  });
}

const slope = await params.slope.item();
const intercept = await params.intercept.item();
console.log(`y = ${slope.toFixed(2)} x + ${intercept.toFixed(2)}`);
