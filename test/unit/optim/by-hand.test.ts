import { describe, expect, it } from 'vitest';
import {
  adafactor,
  applyUpdates,
  ema,
  explain,
  type GradientTransform,
  masked,
  type Params,
  scaleByFactoredRms,
  sgd,
  type Tensor,
  tensor,
} from '../../../src/index';

const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());

/** The updates of each step; the parameters move. */
function updatesOf(transform: GradientTransform<unknown>, params: Params, gradients: readonly Tensor[]): number[][] {
  let state = transform.init(params);
  return gradients.map((w) => {
    const [updates, next] = transform.update({ w }, state, params);
    state = next;
    const seen = numbers(updates.w);
    applyUpdates(params, updates);
    return seen;
  });
}

/** Equal to single precision. */
function expectNear(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) {
    expect(Math.abs((actual[i] as number) - x)).toBeLessThanOrEqual(4e-7 * Math.abs(x));
  }
}

describe('worked out by hand', () => {
  it('ema: the correction of the start, over three steps', () => {
    const [one, two, three] = updatesOf(
      ema({ decay: 0.5, debias: true }),
      { w: tensor([0]) },
      [8, 0, 4].map((g) => tensor([g])),
    );
    // means 4, 2, 3; the weights of the gradients add up to 1/2, 3/4, 7/8
    expectNear([one, two, three].flat() as number[], [8, 8 / 3, 24 / 7]);
  });

  it('sgd: momentum and decay at once, the decay outside of the momentum', () => {
    const params = { w: tensor([8]) };
    const steps = updatesOf(sgd({ learningRate: 0.5, momentum: 0.5, weightDecay: 0.25 }), params, [
      tensor([4]),
      tensor([2]),
    ]);
    // b = 4, 8 − ½·(4 + ¼·8) = 5; b = ½·4 + 2 = 4, 5 − ½·(4 + ¼·5) = 2.375
    expect(steps).toEqual([[-3], [-2.625]]);
    expect(numbers(params.w)).toEqual([2.375]);
  });

  it('adafactor: minScale is the step of a parameter that is zero', () => {
    // the normalised gradient of the first step is ±1
    for (const minScale of [0.5, 2]) {
      const [step] = updatesOf(adafactor({ learningRate: 1, minScale }), { w: tensor([0, 0]) }, [tensor([3, -7])]);
      expectNear(step as number[], [-minScale, minScale]);
    }
  });

  describe('a visible ε', () => {
    const transforms: [string, number, GradientTransform<unknown>][] = [
      ['scaleByFactoredRms', 1, scaleByFactoredRms({ epsilon: 16 })],
      ['adafactor', -1, adafactor({ epsilon: 16, learningRate: 1, scaleParameter: false })],
    ];
    it.each(transforms)('%s: in each square of a vector', (_, sign, transform) => {
      const [step] = updatesOf(transform, { w: tensor([0, 0]) }, [tensor([3, 0])]);
      expectNear(step as number[], [(sign * 3) / 5, 0]); // √(9 + 16) = 5
    });

    it.each(transforms)('%s: in the means of rows and of columns', (_, sign, transform) => {
      const w = tensor([
        [0, 0],
        [0, 0],
      ]);
      const g = tensor([
        [3, 3],
        [0, 0],
      ]);
      const [step] = updatesOf(transform, { w }, [g]);
      // rows 9 + 16 and 0 + 16, columns 4.5 + 16 both, mean 20.5: the first row is divided by √(25·20.5/20.5)
      expectNear(step as number[], [(sign * 3) / 5, (sign * 3) / 5, 0, 0]);
    });
  });
});

describe('masked', () => {
  it('shows the parameters inside and no other, from the start to the explanation', () => {
    const seen: string[][] = [];
    const look = (params: Params): void => void seen.push(Object.keys(params));
    const inner: GradientTransform<readonly []> = {
      name: 'looks',
      init(params) {
        look(params);
        return [];
      },
      update(grads, state, params) {
        look(grads);
        look(params);
        return [grads, state];
      },
      explain(params) {
        look(params);
        return [];
      },
    };
    const params = { a: tensor([1]), secret: tensor([2]), b: tensor([3]) };
    const transform = masked(inner, (path) => path !== 'secret');
    const [updates] = transform.update(params, transform.init(params), params);
    explain(transform, params);
    expect(seen.length).toBeGreaterThanOrEqual(4);
    for (const paths of seen) expect(paths).toEqual(['a', 'b']);
    expect(updates.secret).toBe(params.secret);
  });
});
