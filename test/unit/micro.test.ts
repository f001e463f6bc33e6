import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Matrix, MLP, normal, normals, points, runs, sides } from '../../examples/micro';
import {
  adam,
  chain,
  compress,
  ema,
  fixedSide,
  type GradientTransform,
  linear,
  mseLoss,
  projectors,
  scale,
  type Tensor,
  tanh,
  tensor,
  trainer,
} from '../../src/index';

const of = (x: Matrix): Tensor => tensor(x.map((row) => [...row]));

/** The losses of the library, from the numbers that the file starts with. */
function losses<S>(transform: GradientTransform<S>): number[] {
  const { layers } = new MLP([2, 32, 32, 1], normals(1));
  const params = Object.fromEntries(
    layers.flatMap(({ w, b }, i) => [
      [`${i}.w`, of(w.value)],
      [`${i}.b`, of(b.value).reshape([-1])],
    ]),
  );
  const [x, target] = [of(points), of(sides)];
  const loss = (): Tensor => {
    const y = layers.reduce((h, _, i) => tanh(linear(h, params[`${i}.w`] as Tensor, params[`${i}.b`])), x);
    return mseLoss(y, target);
  };
  const training = trainer({ params, transform, loss, seed: 0 });
  return runs[0]?.losses.map(() => training.step().loss as number) ?? [];
}

describe('examples/micro.ts', () => {
  it('is at most 200 lines and imports nothing', () => {
    const source = readFileSync('examples/micro.ts', 'utf8');
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
    expect(source).not.toMatch(/^import |\bimport\(|\brequire\(/m);
  });

  const random = normals(2);
  const drawn = Array.from({ length: 15 }, () => of(normal(8, 32, 8 ** -0.5, random)));
  const momentum = (beta: number): GradientTransform<unknown> => chain(ema({ decay: beta }), scale(-0.3));
  const flora = (beta: number, refreshEvery = 20): GradientTransform<unknown> =>
    chain(
      compress({
        projector: fixedSide(projectors.explicit(drawn), 'right'),
        rank: 8,
        inner: ema({ decay: beta }),
        refreshEvery,
        onRefresh: 'transfer',
        filter: (path) => path === '1.w' || 'too narrow',
      }),
      scale(-0.3),
    );
  /** The same optimizers, and each with one number changed. */
  const theirs: Readonly<Record<string, readonly [GradientTransform<unknown>, GradientTransform<unknown>]>> = {
    Adam: [adam({ learningRate: 0.01 }), adam({ learningRate: 0.01, beta2: 0.99 })],
    'Momentum, dense': [momentum(0.9), momentum(0.89)],
    'Momentum, Flora': [flora(0.9), flora(0.9, 21)],
  };
  // Each of 300 steps rounds the library's weights to float32, the file's numbers have twice the digits, and a loss
  // near 0 is the sum of squares of small differences: its relative error is that of weights, times a few.
  const allowed = 300 * 2 ** -23;

  it.each(runs)(
    '$name: the losses of the library, which are others with one number changed',
    ({ name, losses: own }) => {
      const [same, other] = theirs[name] ?? [];
      const off = (found: readonly number[]): number =>
        Math.max(...own.map((loss, t) => Math.abs(loss - (found[t] as number)) / loss));
      expect(own).toHaveLength(300);
      expect(off(losses(same as GradientTransform<unknown>))).toBeLessThan(allowed);
      expect(off(losses(other as GradientTransform<unknown>))).toBeGreaterThan(100 * allowed);
    },
  );
});
