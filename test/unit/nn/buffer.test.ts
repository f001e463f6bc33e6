import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adam,
  buffer,
  customVjp,
  type ForwardOptions,
  type GradientTransform,
  grad,
  Linear,
  Module,
  mean,
  mul,
  noGrad,
  random,
  remat,
  scope,
  sgd,
  type Tensor,
  tensor,
  trainer,
  updateBuffer,
  valueAndGrad,
  zeros,
} from '../../../src/index';

const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());

/** Takes a running mean away: ½·mean + ½·(mean of the batch), of what comes in. */
class Centred extends Module {
  mean = buffer(zeros([2]));
  calls = 0;
  forward(x: Tensor, { key }: ForwardOptions = {}): Tensor {
    if (!key) return x.sub(this.mean);
    const batch = mean(x, { axis: 0 });
    updateBuffer(this.mean, (before) => {
      this.calls++;
      return before.mul(0.5).add(batch.mul(0.5));
    });
    return x.sub(batch);
  }
}

class Net extends Module {
  centred = new Centred();
  last = new Linear(2, 1, { key: random.key(1) });
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    return this.last.forward(this.centred.forward(x, options).tanh());
  }
}

const batches = [
  [
    [8, 0],
    [0, 4],
  ],
  [
    [16, 2],
    [0, 2],
  ],
].map((values) => tensor(values));
// means of the batches: [4, 2] and [8, 2], so ½·[4, 2] = [2, 1], then ½·[2, 1] + ½·[8, 2] = [5, 1.5]
const running = [
  [2, 1],
  [5, 1.5],
];

type Pass = (net: Net, x: Tensor, options: ForwardOptions) => Tensor;
const passes: Record<string, Pass> = {
  plain: (net, x, options) => net.forward(x, options),
  'under remat': (net, x, options) => remat((y: Tensor) => net.forward(y, options))(x),
  'under remat in remat': (net, x, options) =>
    remat((y: Tensor) => remat((z: Tensor) => net.forward(z, options))(y).mul(1))(x),
  'in a scope of its own': (net, x, options) => scope(() => net.forward(x, options)),
};
const transforms: Record<string, () => GradientTransform<unknown>> = {
  'leaf by leaf': () => adam({ learningRate: 0.1 }),
  accumulated: () => accumulate(2, sgd({ learningRate: 0.1 })),
};

describe('a buffer', () => {
  it('is state and no parameter, is saved and loaded, and stays itself', () => {
    const net = new Net();
    expect(Object.keys(net.parameters())).toEqual(['last.weight', 'last.bias']);
    expect(Object.keys(net.state())).toEqual(['centred.mean', 'last.weight', 'last.bias']);
    const other = new Net();
    other.load({ ...net.state(), 'centred.mean': tensor([1, 2]) });
    expect(numbers(other.centred.mean)).toEqual([1, 2]);
    expect(() => other.load(net.parameters())).toThrow(/load\/missing.*"centred.mean"/);
    expect(() => net.freeze('centred')).toThrow(/freeze\/no-match/);
  });

  it('may be of whole numbers', () => {
    class Counting extends Module {
      weight = tensor([1]);
      seen = buffer(tensor([0], { dtype: 'int32' }));
      forward(): Tensor {
        updateBuffer(this.seen, (n) => n.cast('float32').add(1).cast('int32'));
        return this.weight.sum();
      }
    }
    const model = new Counting();
    const run = trainer({ model, transform: sgd({ learningRate: 1 }), loss: () => model.forward(), seed: 0 });
    for (let i = 0; i < 3; i++) run.step(null);
    expect(numbers(model.state().seen)).toEqual([3]);
  });

  describe.each(Object.entries(transforms))('%s', (_, transform) => {
    it.each(Object.entries(passes))('%s: moves once a step, in the step and not before its end', (_, pass) => {
      const net = new Net();
      const { mean } = net.centred;
      const loss = (x: Tensor, options: ForwardOptions): Tensor => {
        const out = pass(net, x, options).square().mean();
        during.push(numbers(mean));
        return out;
      };
      const during: number[][] = [];
      const run = trainer({ model: net, transform: transform(), loss, seed: 0 });
      for (const [i, x] of batches.entries()) {
        run.step(x);
        expect(numbers(mean)).toEqual(running[i]);
      }
      expect(during).toEqual([[0, 0], running[0]]);
      expect([net.centred.mean === mean, net.centred.calls]).toEqual([true, 2]);
    });
  });

  it('does not move in a step that throws, however late, or whose loss is not finite', () => {
    const net = new Net();
    let fails: 'loss' | 'transform' | 'not finite' | null = null;
    const transform: GradientTransform<readonly []> = {
      init: () => [],
      update(grads, state) {
        if (fails === 'transform') throw new Error('mine');
        return [grads, state];
      },
    };
    const loss = (x: Tensor, options: ForwardOptions): Tensor => {
      const out = net.forward(x, options).mean();
      if (fails === 'loss') throw new Error('mine');
      return fails === 'not finite' ? out.mul(Number.NaN) : out;
    };
    const run = trainer({ model: net, transform, loss, seed: 0 });
    run.step(batches[0] as Tensor);
    for (fails of ['loss', 'transform', 'not finite'] as const) {
      expect(() => run.step(batches[1] as Tensor)).toThrow(/mine|non-finite/);
      expect(numbers(net.centred.mean)).toEqual(running[0]);
    }
    fails = null;
    run.step(batches[1] as Tensor);
    expect(numbers(net.centred.mean)).toEqual(running[1]);
  });

  it('does not move outside of a training step, whatever the pass', () => {
    const net = new Net();
    const [x] = batches as [Tensor];
    const options = { key: random.key(0) };
    net.forward(x, options);
    noGrad(() => net.forward(x, options));
    valueAndGrad(() => net.forward(x, options).sum(), net.parameters());
    grad((y) => net.forward(y, options).sum())(x);
    expect([numbers(net.centred.mean), net.centred.calls]).toEqual([[0, 0], 0]);
  });

  it('counts every pass of a step: what is used twice moves twice, a second derivative does not count', () => {
    const net = new Net();
    const pass = remat((x: Tensor, options: ForwardOptions) => net.forward(x, options).sum());
    const same = customVjp({
      forward: (x: Tensor) => {
        const y = net.centred.forward(x, { key: random.key(0) });
        return [y, { y }];
      },
      vjp: (g, { y }) => [mul(g, y)],
    });
    const loss = (_: null, options: ForwardOptions): Tensor => {
      const [a, b] = batches as [Tensor, Tensor];
      const twice = pass(a, options).add(pass(b, options));
      const slope = grad((x) => pass(x, options).square())(a); // its replay is no pass
      return twice.add(slope.square().sum());
    };
    const run = trainer({ model: net, transform: sgd({ learningRate: 0.01 }), loss, seed: 0 });
    run.step(null);
    // after a and b [5, 1.5] as above, and a third pass with a: ½·[5, 1.5] + ½·[4, 2]
    expect([numbers(net.centred.mean), net.centred.calls]).toEqual([[4.5, 1.75], 3]);

    const second = new Net();
    const hessian = (x: Tensor): Tensor => grad((y) => grad((z) => same(z).sum())(y).sum())(x);
    net.centred.calls = 0;
    const runs = trainer({
      model: second,
      transform: sgd({ learningRate: 0.01 }),
      loss: () => second.last.forward(hessian(batches[0] as Tensor)).sum(),
      seed: 0,
    });
    runs.step(null);
    expect(net.centred.calls).toBe(1);
  });

  it('is refused where nothing could come of it', () => {
    const net = new Net();
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => buffer([1, 2] as never)).toThrow(refused('arguments/tensor'));
    expect(() => updateBuffer(null as never, (t) => t)).toThrow(refused('arguments/tensor'));
    expect(() => updateBuffer(net.last.weight, (t) => t)).toThrow(refused('buffer/unmarked'));
    const step = (update: (t: Tensor) => Tensor) => () => {
      const loss = (): Tensor => {
        updateBuffer(net.centred.mean, update);
        return net.last.weight.sum();
      };
      return trainer({ model: net, transform: sgd({ learningRate: 1 }), loss, seed: 0 }).step(null);
    };
    const before = numbers(net.last.weight);
    expect(step(() => 3 as never)).toThrow(/buffer\/tensor.*returned 3/);
    expect(step(() => zeros([3]))).toThrow(refused('buffer/shape'));
    expect(numbers(net.last.weight)).toEqual(before);
  });
});
