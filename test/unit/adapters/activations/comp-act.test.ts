import { describe, expect, it } from 'vitest';
import {
  applyUpdates,
  chain,
  compAct,
  compress,
  fixedSide,
  type GradientTransform,
  type Linear,
  linear,
  MLP,
  mean,
  mseLoss,
  type Params,
  projectors,
  random,
  removeAdapters,
  scale,
  scaleByAdam,
  stateBytes,
  sum,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
} from '../../../../src/index';

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const model = (): MLP => new MLP({ sizes: [12, 10, 4], key: random.key(1) });
const distance = (a: Tensor | undefined, b: Tensor | undefined): number =>
  Math.max(...numbers(a).map((x, i) => Math.abs(x - (numbers(b)[i] as number))));

describe('compAct', () => {
  const rank = 3;
  const inner = () => chain(scaleByAdam({ epsilon: 1e-3 }), scale(-0.02));
  const loss = (of: MLP, step: number): Tensor =>
    mseLoss(of.forward(at(2 * step + 5, [9, 12])), at(2 * step + 6, [9, 4]));

  it('takes the steps of compress on the right side, through refreshes, without the gradient of a weight', () => {
    const [compact, plain] = [model(), model()];
    const { transform } = compAct(compact, { rank, refreshEvery: 3, inner: inner(), seed: 7 });
    const reference = compress({
      projector: fixedSide(projectors.gaussian, 'right'),
      rank,
      inner: inner(),
      refreshEvery: 3,
      onRefresh: 'keep',
      seed: 7,
      filter: (_, { ndim }) => ndim === 2 || 'a bias',
    });
    const step = <S>(of: MLP, rule: GradientTransform<S>, state: S, t: number): [Params, S] => {
      const { grads } = valueAndGrad(() => loss(of, t), of.parameters({ trainable: true }));
      const [updates, next] = rule.update(grads, state, of.parameters());
      applyUpdates(of.parameters(), updates);
      return [grads, next];
    };
    let [state, other] = [
      transform.init(compact.parameters({ trainable: true })),
      reference.init(plain.parameters({ trainable: true })),
    ];
    for (let t = 0; t < 8; t++) {
      let grads: Params;
      [grads, state] = step(compact, transform, state, t);
      [, other] = step(plain, reference, other, t);
      expect(Object.keys(grads)).not.toContain('layers.0.weight');
      const [now, then] = [compact.parameters(), plain.parameters()];
      for (const path of Object.keys(then))
        expect(distance(now[path], then[path]), `${path}, step ${t}`).toBeLessThan(2e-6);
      expect(numbers(now['layers.0.lora.C']).every((x) => x === 0)).toBe(true);
    }
    expect(distance(compact.parameters()['layers.0.weight'], model().parameters()['layers.0.weight'])).toBeGreaterThan(
      0.02,
    );
    expect(numbers(compact.parameters()['layers.0.lora.refreshes'])).toEqual([2]);
    expect(stateBytes(state)).toBe(stateBytes(other));
  });

  it('has the exact gradient of its input', () => {
    const [compact, plain] = [model(), model()];
    compAct(compact, { rank, inner: inner() });
    const x = at(3, [9, 12]);
    const of = (net: MLP): Tensor => valueAndGrad(() => mean(net.forward(x).square()), { x }).grads.x as Tensor;
    expect(distance(of(compact), of(plain))).toBeLessThan(1e-7);
  });

  it('trains all else as it is, and comes off', () => {
    const net = model();
    const { transform, frozen, untouched } = compAct(net, { rank, inner: inner(), match: 'layers.0' });
    expect(frozen).toEqual(['layers.0.weight']);
    expect(untouched.map(({ path }) => path)).toContain('layers.1.weight');
    const training = trainer({ model: net, transform, loss: (t: number) => loss(net, t), seed: 0 });
    expect(Object.keys(training.parameters)).toEqual([
      'layers.0.bias',
      'layers.0.lora.C',
      'layers.1.weight',
      'layers.1.bias',
    ]);
    const x = at(4, [2, 12]);
    for (let t = 0; t < 3; t++) training.step(t);
    const before = numbers(net.forward(x));
    removeAdapters(net);
    expect(numbers(net.forward(x))).toEqual(before.map((y) => expect.closeTo(y, 6)));
  });

  it('leaves out layers that it cannot take', () => {
    const { untouched } = compAct(model(), { rank: 11, inner: inner() });
    expect(untouched.find(({ path }) => path === 'layers.1.weight')?.reason).toContain('above its 10 inputs');
    const { transform } = compAct(model(), { rank, inner: inner() });
    const C = at(1, [10, rank]);
    const lone = { 'layers.0.lora.C': C };
    expect(() => transform.update(lone, transform.init(lone), lone)).toThrow(/comp-act\/params/);
  });

  it('is a change of the weight by C·A while C is not 0', () => {
    const net = model();
    const { adapted } = compAct(net, { rank, inner: inner() });
    net.load({ ...net.state(), 'layers.0.lora.C': at(8, [10, rank]), 'layers.0.lora.refreshes': tensor([2]) });
    const [{ adapter }] = adapted as [(typeof adapted)[number]];
    const layer = net.layers[0] as Linear;
    const x = at(9, [5, 12]);
    const D = at(10, [5, 10]);
    const W = adapter.mergedInto(layer.weight, 1);
    const [kept, plain] = [() => layer.forward(x), () => linear(x, W)].map((of) =>
      valueAndGrad(() => sum((of() as Tensor).mul(D)), { x }),
    );
    expect(distance(W, layer.weight)).toBeGreaterThan(0.1);
    expect(numbers(kept?.grads.x)).toEqual(numbers(plain?.grads.x).map((g) => expect.closeTo(g, 4)));
    const bias = numbers(net.parameters()['layers.0.bias']);
    const expected = numbers(linear(x, W)).map((y, i) => expect.closeTo(y + (bias[i % 10] as number), 4));
    expect(numbers(layer.forward(x))).toEqual(expected);
  });
});
