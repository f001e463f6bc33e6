import { describe, expect, it } from 'vitest';
import { adam, adamw, applyUpdates, type GradientTransform, type Params, sgd, tensor } from '../../../src/index';
import golden from '../../golden/optim.json';

type Numbers = Record<string, number[]>;

const shapes: Record<string, number[]> = golden.shapes;
const params = (values: Numbers): Params =>
  Object.fromEntries(Object.entries(values).map(([path, x]) => [path, tensor(x, { shape: shapes[path] as number[] })]));

/** The weights after each step, along the gradients of the golden file. */
function expectTrajectory<S>(transform: GradientTransform<S>, after: Numbers[], tolerance: number): void {
  const weights = params(golden.weights);
  let state = transform.init(weights);
  golden.gradients.forEach((gradient, step) => {
    const [updates, next] = transform.update(params(gradient), state, weights);
    state = next;
    applyUpdates(weights, updates);
    for (const [path, expected] of Object.entries(after[step] as Numbers)) {
      const actual = (weights[path] as Params[string]).dataSync();
      expected.forEach((x, i) => {
        expect(Math.abs((actual[i] as number) - x), `step ${step}, ${path}[${i}]`).toBeLessThan(tolerance);
      });
    }
  });
}

describe(`named optimizers follow PyTorch ${golden.provenance.torch}`, () => {
  const { cases } = golden;
  it('sgd', () => expectTrajectory(sgd({ learningRate: 0.1 }), cases.sgd.after, 2e-6));
  it('sgd with momentum', () =>
    expectTrajectory(sgd({ learningRate: 0.1, momentum: 0.9 }), cases.sgdMomentum.after, 2e-6));
  it('sgd with Nesterov momentum', () =>
    expectTrajectory(sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), cases.sgdNesterov.after, 2e-6));
  it('adam', () => expectTrajectory(adam({ learningRate: 0.01 }), cases.adam.after, 2e-6));
  it('adam with other moments', () => {
    const options = { learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 };
    expectTrajectory(adam(options), cases.adamOptions.after, 2e-6);
  });
  it('adamw', () => expectTrajectory(adamw({ learningRate: 0.01 }), cases.adamw.after, 2e-6));
  it('adamw with another decay', () =>
    expectTrajectory(adamw({ learningRate: 0.05, weightDecay: 0.3 }), cases.adamwDecay.after, 2e-6));
  it('a constant schedule is a constant', () =>
    expectTrajectory(adam({ learningRate: () => 0.01 }), cases.adam.after, 2e-6));
});

describe('options', () => {
  it('refuses what does not exist', () => {
    const typo = { learningRate: 0.1, momentun: 0.9 };
    expect(() => sgd(typo)).toThrow(/momentun/);
    expect(() => adam({ learningRate: -1 })).toThrow(/learningRate = -1/);
    expect(() => adam({ learningRate: 1, beta1: 2 })).toThrow(/beta1 = 2/);
  });
});
