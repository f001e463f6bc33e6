import type * as Floragrad from '../../src/index';

/** Ten steps of gradient descent on a small MLP; the losses, as numbers. The same code runs in Node and in a page. */
export async function trainTenSteps(floragrad: typeof Floragrad): Promise<number[]> {
  const { applyUpdates, matmul, mseLoss, mul, random, tanh, add, valueAndGrad, zeros } = floragrad;
  const normal = (stream: number, shape: number[]) => random.normal(random.key(stream), shape);
  const x = normal(1, [32, 4]);
  const y = tanh(matmul(x, normal(2, [4, 1])));
  const params = {
    'hidden.weight': mul(normal(3, [4, 16]), 0.5),
    'hidden.bias': zeros([16]),
    'out.weight': mul(normal(4, [16, 1]), 0.25),
  };
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const { value, grads } = valueAndGrad(() => {
      const hidden = tanh(add(matmul(x, params['hidden.weight']), params['hidden.bias']));
      return mseLoss(matmul(hidden, params['out.weight']), y);
    }, params);
    const updates = Object.entries(grads).map(([path, gradient]) => [path, mul(gradient, -0.1)] as const);
    applyUpdates(params, Object.fromEntries(updates));
    losses.push(await value.item());
  }
  return losses;
}
