import { describe, expect, it } from 'vitest';
import {
  Adapter,
  type AdapterPlace,
  adaptersOf,
  add,
  attachAdapters,
  Conv2d,
  conv2d,
  Embedding,
  eye,
  type ForwardOptions,
  GPT,
  type Key,
  Linear,
  linear,
  lora,
  MLP,
  mergeAdapters,
  mul,
  random,
  removeAdapters,
  Sequential,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';
import { Mixing } from '../../laws/adapters';
import { expectNear, numbers, open } from './cases';

const key = random.key(1);

/** Adds s·x: no weight does that where the layer is not square, and this adapter does not try. */
class Skip extends Adapter {
  gain = zeros([1]);
  readonly additive = false;
  seen: { bias: Tensor | null; options: ForwardOptions | undefined } | null = null;
  forward(x: Tensor, weight: Tensor, bias: Tensor | null, options?: ForwardOptions): Tensor {
    this.seen = { bias, options };
    return add(linear(x, weight, bias ?? undefined), mul(x, this.gain));
  }
}

describe('attachAdapters', () => {
  it('asks make for every layer that can host an adapter, users’ own too, with its path and a key of its own', () => {
    const model = new Sequential([
      new Embedding(4, 3, { key }),
      new Mixing(5, key),
      new Linear(3, 3, { key }),
      new Conv2d(1, 1, 2, { key }),
    ]);
    const places = (seed?: number): AdapterPlace[] => {
      const seen: AdapterPlace[] = [];
      const make = (place: AdapterPlace): string => {
        seen.push(place);
        return 'not today';
      };
      const attach = () => attachAdapters(model, { make, ...(seed !== undefined && { seed }) });
      expect(attach).toThrow(/adapter\/no-match.*"layers\.0\.weight" \(not today\)/);
      return seen;
    };
    const seen = places();
    expect(seen.map(({ path }) => path)).toEqual(['layers.0', 'layers.1', 'layers.2', 'layers.3']);
    for (const [i, { layer }] of seen.entries()) expect(layer).toBe(model.layers[i]);
    const keys = (list: AdapterPlace[]): Key[] => list.map((place) => place.key);
    expect(keys(seen)).toEqual(keys(places(0)));
    expect(new Set([...keys(seen), ...keys(places(3))].map(String)).size).toBe(8);
    expect(keys(seen)[2]).toEqual(random.fold(random.key(0), 'layers.2', 'adapter', 0));
  });

  it('attaches what make returns to what matches, and reports', () => {
    const model = new MLP({ sizes: [3, 3, 3, 3], key });
    lora(model, { match: 'layers.2', rank: 1 });
    const report = attachAdapters(model, {
      match: /0|2/,
      make: ({ path }) => (path === 'layers.1' ? 'unreached' : new Skip()),
    });
    expect(report.adapted.map(({ path, layer, adapter }) => [path, layer === model.layers[0], adapter.merged])).toEqual(
      [['layers.0', true, false]],
    );
    expect(report.adapted[0]?.adapter).toBe(model.layers[0]?.lora);
    expect(report.untouched.slice(0, 3)).toEqual([
      { path: 'layers.0.bias', reason: 'not the weight of a layer that hosts adapters' },
      { path: 'layers.1.weight', reason: 'not matched' },
      { path: 'layers.1.bias', reason: 'not the weight of a layer that hosts adapters' },
    ]);
    expect(report.untouched[3]).toEqual({ path: 'layers.2.weight', reason: 'has an adapter already' });
    expect([report.trainable, report.total]).toEqual([1 + 6, 36 + 1 + 6]);
    expect(Object.keys(model.parameters({ trainable: true }))).toEqual([
      'layers.0.lora.gain',
      'layers.2.lora.A',
      'layers.2.lora.B',
    ]);
    expect(adaptersOf(model).map(({ path }) => path)).toEqual(['layers.0', 'layers.2']);
    removeAdapters(model);
    expect(adaptersOf(model)).toEqual([]);
  });

  it('attaches nothing where make throws or returns something else, and names what it got', () => {
    const make = (answer: unknown) => () => {
      const model = new MLP({ sizes: [3, 3, 3], key });
      let calls = 0;
      const wrong = (): Adapter => (calls++ === 0 ? new Skip() : (answer as Adapter));
      expect(() => attachAdapters(model, { make: wrong })).toThrow(/attachAdapters got the result of make = .*Adapter/);
      expect(adaptersOf(model)).toEqual([]);
      expect(Object.keys(model.parameters({ trainable: true })).length).toBe(4);
    };
    for (const answer of [undefined, null, new Linear(1, 1, { key }), Promise.resolve(new Skip())]) make(answer)();
  });

  it('leaves a shared weight alone', () => {
    const model = new GPT({ vocabularySize: 5, context: 4, width: 4, heads: 1, layers: 1, tieHead: true, key });
    expect(() => attachAdapters(model, { match: 'head', make: () => new Skip() })).toThrow(/shared with another layer/);
  });
});

describe('an adapter in a layer', () => {
  it('gets what the layer got, its bias and the options of the pass', () => {
    const [layer, plain] = [new Linear(3, 3, { key }), new Linear(3, 3, { bias: false, key })];
    for (const model of [layer, plain]) attachAdapters(model, { make: () => new Skip() });
    const pass = { key: random.key(5) };
    layer.load({ ...layer.state(), 'lora.gain': tensor([2]) });
    const y = numbers(layer.forward(eye(3), pass));
    expectNear(y, numbers(linear(eye(3), layer.weight, layer.bias ?? undefined).add(eye(3).mul(2))), 1);
    expect((layer.lora as Skip).seen).toEqual({ bias: layer.bias, options: pass });
    plain.forward(eye(3));
    expect((plain.lora as Skip).seen?.bias).toBeNull();
  });

  it('that is not linear in its input is not merged, and nothing is', () => {
    const model = new MLP({ sizes: [3, 3, 3], key });
    lora(model, { match: 'layers.0', rank: 1 });
    attachAdapters(model, { match: 'layers.1', make: () => new Skip() });
    const before = open(model.parameters());
    expect(() => mergeAdapters(model)).toThrow(/merge\/not-linear.*"layers\.1"/);
    expect(open(model.parameters())).toEqual(before);
    expect(adaptersOf(model).map(({ adapter }) => adapter.merged)).toEqual([false, false]);
  });

  it('works in a Conv2d: a kernel [r, inputs, kh, kw] and one of 1×1 behind it', () => {
    class LoraConv extends Adapter {
      A = random.normal(random.key(2), [2, 3, 2, 2]);
      B = zeros([4, 2, 1, 1]);
      readonly additive = true;
      options: ForwardOptions | undefined;
      constructor(readonly host: { stride: readonly [number, number]; padding: readonly [number, number] }) {
        super();
      }
      forward(x: Tensor, weight: Tensor, bias: Tensor | null, options?: ForwardOptions): Tensor {
        const { stride, padding } = this.host;
        this.options = options;
        return add(
          conv2d(x, weight, bias ?? undefined, { stride, padding }),
          conv2d(conv2d(x, this.A, undefined, { stride, padding }), this.B),
        );
      }
      override mergedInto(weight: Tensor, fraction: number): Tensor {
        const change = this.B.reshape([4, 2])
          .mul(fraction)
          .matmul(this.A.reshape([2, 12]));
        return add(weight, change.reshape([4, 3, 2, 2]));
      }
    }
    const layer = new Conv2d(3, 4, 2, { stride: 2, padding: 1, key });
    const x = random.normal(random.key(3), [2, 3, 5, 6]);
    const plain = numbers(layer.forward(x));
    attachAdapters(layer, {
      make: ({ layer: host }) => (host instanceof Conv2d ? new LoraConv(host) : 'not a Conv2d'),
    });
    expectNear(numbers(layer.forward(x)), plain, 0);
    layer.load({ ...layer.state(), 'lora.B': random.normal(random.key(4), [4, 2, 1, 1]) });
    const pass = { key };
    const y = numbers(layer.forward(x, pass));
    expect(y).not.toEqual(plain);
    expect((layer.lora as LoraConv).options).toBe(pass);
    mergeAdapters(layer);
    expectNear(numbers(layer.forward(x)), y, 24);
  });
});
