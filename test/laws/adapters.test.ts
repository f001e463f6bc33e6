import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Adapter,
  adaptersOf,
  backend,
  mergeAdapters,
  random,
  referenceBackend,
  setBackend,
  sum,
  type Tensor,
  tensor,
  unmergeAdapters,
  valueAndGrad,
} from '../../src/index';
import { expectNear, numbers, scatter } from '../unit/adapters/cases';
import { type AdapterRow, adapterRows } from './adapters';

/** The layer with an adapter that looks trained. */
function trained({ layer: make, attach }: AdapterRow) {
  const layer = make();
  attach(layer);
  scatter(layer, random.key(7), /lora\.(?!mask)/);
  return { layer, adapter: layer.lora as Adapter & Required<Pick<Adapter, 'mergedInto'>> };
}

// What every adapter owes. Bounds count the roundings of a value to float32 on its way, on the scale of the largest.
describe.each([
  ['wasm', () => backend()],
  ['reference', () => referenceBackend()],
])('adapters on %s', (_, create) => {
  const before = backend();
  beforeAll(() => setBackend(create()));
  afterAll(() => setBackend(before));

  describe.each(Object.entries(adapterRows))('%s', (_, row) => {
    it('starts without effect, and is all that is trained', () => {
      const [plain, layer] = [row.layer(), row.layer()];
      row.attach(layer);
      expectNear(numbers(layer.forward(row.input())), numbers(plain.forward(row.input())), 4);
      const names = Object.keys(layer.parameters({ trainable: true }));
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(name).toMatch(/^lora\./);
    });

    it('computes what the plain layer does with the merged weight', () => {
      const { layer, adapter } = trained(row);
      const plain = row.layer();
      const other = numbers(plain.forward(row.input()));
      const { weight, ...rest } = plain.parameters();
      plain.load({ ...rest, weight: adapter.mergedInto(weight as Tensor, 1) });
      const expected = numbers(plain.forward(row.input()));
      expectNear(numbers(layer.forward(row.input())), expected, 24);
      const moved = Math.max(...expected.map((y, i) => Math.abs(y - (other[i] as number))));
      expect(moved).toBeGreaterThan(0.01); // it is a change, of more than rounding
    });

    it('merges the fraction that it is asked for', () => {
      const { layer, adapter } = trained(row);
      const weight = numbers(layer.weight);
      const change = (fraction: number): number[] =>
        numbers(adapter.mergedInto(layer.weight, fraction)).map((w, i) => w - (weight[i] as number));
      const whole = change(1);
      const scale = weight.map((w, i) => Math.abs(w) + Math.abs(whole[i] as number));
      for (const fraction of [0.5, 0.25, ...(adapter.additive ? [-1] : [])]) {
        const part = change(fraction).map((c) => c / fraction);
        const error = part.map((c, i) => Math.abs(c - (whole[i] as number)));
        // The sum is rounded once, and the part of it that is compared is made larger by 1/fraction.
        for (const [i, e] of error.entries())
          expect(e).toBeLessThanOrEqual((2 ** -21 * (scale[i] as number)) / Math.abs(fraction));
      }
    });

    it('is merged and taken out again, and refuses to be trained in between', () => {
      const { layer, adapter } = trained(row);
      const [y, weight] = [numbers(layer.forward(row.input())), numbers(layer.weight)];
      mergeAdapters(layer);
      const merged = numbers(layer.weight);
      expect(merged).not.toEqual(weight);
      expectNear(numbers(layer.forward(row.input())), y, 24);
      const loss = (): Tensor => sum(layer.forward(row.input()));
      expect(() => valueAndGrad(loss, layer.parameters({ trainable: true }))).toThrow(/adapter\/merged/);
      if (!adapter.additive) {
        expect(() => unmergeAdapters(layer)).toThrow(/merge\/one-way/);
        return;
      }
      unmergeAdapters(layer);
      // Both sums are rounded once: two units in the last place of the weight before or after, whichever is larger.
      for (const [i, w] of numbers(layer.weight).entries()) {
        const [old, between] = [weight[i] as number, merged[i] as number];
        expect(Math.abs(w - old)).toBeLessThanOrEqual(2 ** -22 * Math.max(Math.abs(old), Math.abs(between)));
      }
      expectNear(numbers(layer.forward(row.input())), y, 24);
    });

    it('has the gradients of its output, and so has the weight where it is trained too', () => {
      const { layer } = trained(row);
      layer.unfreeze('weight');
      const direction = random.normal(random.key(9), layer.forward(row.input()).shape);
      const loss = (): Tensor => sum(layer.forward(row.input()).mul(direction));
      const { grads } = valueAndGrad(loss, layer.parameters({ trainable: true }));
      const state = Object.fromEntries(
        Object.entries(layer.state()).map(([path, t]) => [path, { values: numbers(t), shape: [...t.shape] }]),
      );
      const at = (path: string, i: number, step: number): number => {
        const entries = Object.entries(state).map(([name, { values, shape }]): [string, Tensor] => [
          name,
          tensor(name === path ? values.map((x, j) => (i === j ? x + step : x)) : values, { shape }),
        ]);
        layer.load(Object.fromEntries(entries));
        return loss().dataSync()[0] as number;
      };
      for (const [path, gradient] of Object.entries(grads)) {
        if (row.straightThrough && path !== 'weight') continue;
        const exact = numbers(gradient);
        const values = state[path]?.values as number[];
        for (const i of [0, exact.length - 1, Math.floor(exact.length / 2)]) {
          if (path === 'weight' && values[i] === 0) continue; // in a pruned weight, a zero is a mask
          // The output is linear in every single number, so a step of a quarter gives the derivative but for rounding.
          const slope = (at(path, i, 0.25) - at(path, i, -0.25)) / 0.5;
          expect(Math.abs(slope - (exact[i] as number)), `${path}[${i}]`).toBeLessThan(1e-4);
        }
      }
    });

    it('is saved and loaded with the parameters of the layer', () => {
      const { layer } = trained(row);
      const y = numbers(layer.forward(row.input()));
      const again = row.layer();
      row.attach(again);
      again.load(layer.state());
      expect(numbers(again.forward(row.input()))).toEqual(y);
    });
  });
});

it('the rows cover every adapter of the library', () => {
  const kinds = Object.values(adapterRows).map((row) => {
    const layer = row.layer();
    row.attach(layer);
    return adaptersOf(layer)[0]?.adapter.constructor.name;
  });
  expect(new Set(kinds)).toEqual(new Set(['LoraLinear', 'LoraEmbedding', 'SparseAdapter', 'Mora', 'Gated']));
});
