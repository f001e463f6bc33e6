import { describe, expect, it } from 'vitest';
import {
  add,
  backend,
  div,
  memory,
  mul,
  noGrad,
  random,
  scaleByAdam,
  scaleByFactoredRms,
  scaleByLion,
  scaleByRms,
  sign,
  sqrt,
  square,
  type Tensor,
  valueAndGrad,
} from '../../../src/index';
import { rms } from '../../../src/optim/parts/rms';
import { axpby } from '../../../src/tensor/ops/elementwise/axpby';

const size = 1003; // no multiple of the vector size
const draw = (seed: number, shape: number[] = [size]): Tensor => random.normal(random.key(seed), shape);
const bits = (x: Tensor | undefined): Int32Array => new Int32Array((x as Tensor).dataSync().buffer);

describe('fused updates are the published formulas, bit for bit', () => {
  const [g, mean, variance] = [draw(1), draw(2), noGrad(() => square(draw(3)))];

  it('adam', () => {
    const [updates, state] = scaleByAdam().update(
      { w: g },
      { step: 6, mean: { w: mean }, square: { w: variance } },
      {},
    );
    const [m, v] = [axpby(0.9, mean, 1 - 0.9, g), axpby(0.999, variance, 1 - 0.999, square(g))];
    const u = div(mul(m, 1 / (1 - 0.9 ** 7)), add(sqrt(mul(v, 1 / (1 - 0.999 ** 7))), 1e-8));
    expect(bits(updates.w)).toEqual(bits(u));
    expect(bits(state.mean.w)).toEqual(bits(m));
    expect(bits(state.square.w)).toEqual(bits(v));
    expect(state.step).toBe(7);
  });

  it('rms', () => {
    const [updates, state] = scaleByRms().update({ w: g }, { square: { w: variance } }, {});
    const v = axpby(0.99, variance, 1 - 0.99, square(g));
    expect(bits(updates.w)).toEqual(bits(div(g, add(sqrt(v), 1e-8))));
    expect(bits(state.square.w)).toEqual(bits(v));
  });

  it('lion', () => {
    const [updates, state] = scaleByLion().update({ w: g }, { mean: { w: mean } }, {});
    expect(bits(updates.w)).toEqual(bits(sign(axpby(0.9, mean, 1 - 0.9, g))));
    expect(bits(state.mean.w)).toEqual(bits(axpby(0.99, mean, 1 - 0.99, g)));
  });
});

describe('a fused update', () => {
  const updates: Record<string, (w: Tensor) => Tensor | undefined> = {
    adam: (w) => scaleByAdam().update({ w }, scaleByAdam().init({ w }), { w })[0].w,
    rms: (w) => scaleByRms().update({ w }, scaleByRms().init({ w }), { w })[0].w,
    lion: (w) => scaleByLion().update({ w }, scaleByLion().init({ w }), { w })[0].w,
    'factored rms': (w) => scaleByFactoredRms().update({ w }, scaleByFactoredRms().init({ w }), { w })[0].w,
  };
  for (const [name, update] of Object.entries(updates)) {
    it(`${name}: is a constant to a derivative through it`, () => {
      const w = draw(4, [5, 7]);
      const { grads } = valueAndGrad(() => mul(w, update(w) as Tensor).sum(), { w });
      expect(bits(grads.w)).toEqual(bits(update(w)));
    });
  }

  it('refuses a state of another shape', () => {
    const state = scaleByAdam().init({ w: draw(1, [3]) });
    expect(() => scaleByAdam().update({ w: draw(1, [1]) }, state, {})).toThrow(
      /scaleByAdam got a gradient \[1\] for a state \[3\]/,
    );
  });

  it('holds its results and nothing else, and a sum of squares no tensor of squares', () => {
    const bytes = 4 * 2 ** 16;
    const peakOf = (run: (w: Tensor) => unknown): number =>
      noGrad(() => {
        const w = add(draw(5, [2 ** 8, 2 ** 8]), 0); // on the device from here on
        const before = memory().bytes;
        backend().resetPeak();
        run(w);
        return backend().memory().peakBytes - before;
      });
    expect(peakOf((w) => rms(w))).toBeLessThan(bytes / 100);
    expect(peakOf((w) => scaleByFactoredRms().update({ w }, scaleByFactoredRms().init({ w }), {}))).toBeLessThan(
      1.1 * bytes,
    );
  });
});
