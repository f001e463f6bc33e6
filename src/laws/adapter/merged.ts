import { mergeAdapters, unmergeAdapters } from '../../adapters/merge';
import type { Adapter } from '../../nn/adapter';
import { valueAndGrad } from '../../tensor/derivatives/grad';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { yesOrNo } from '../finding';
import { claim } from '../violation';
import { type AdapterLaw, claimNear, largest, numbersOf, outputOf, trained, ulp } from './case';

/** Roundings to float32 of an output that is computed in two orders, on the scale of the largest element. */
const units = 24;

type Mergeable = Adapter & Required<Pick<Adapter, 'mergedInto'>>;
const isMergeable = (adapter: Adapter): adapter is Mergeable => adapter.mergedInto !== undefined;
const notMergeable = yesOrNo(null, 'has no mergedInto');

/** A plain layer with the merged weight computes what the adapted layer does, which is not what it did before. */
export const merged: AdapterLaw = {
  name: 'computes what the plain layer does with the merged weight',
  async find(row, seed) {
    const { layer, adapter } = trained(row, seed);
    if (!isMergeable(adapter)) return notMergeable;
    const plain = row.layer();
    const before = await outputOf(plain, row);
    plain.load({ ...plain.state(), weight: noGrad(() => adapter.mergedInto(layer.weight, 1)) });
    const after = await outputOf(plain, row);
    claimNear('the output', await outputOf(layer, row), after, units);
    const moved = largest(after.map((y, i) => y - (before[i] as number)));
    return yesOrNo(moved > 0.01 ? null : `a trained adapter changes the output by ${moved} at most`, `moves ${moved}`);
  },
};

/** Half of the change is half of it; an additive adapter can be asked for −1 of it too. */
export const fraction: AdapterLaw = {
  name: 'merges the fraction that it is asked for',
  async find(row, seed) {
    const { layer, adapter } = trained(row, seed);
    if (!isMergeable(adapter)) return notMergeable;
    const weight = await numbersOf(layer.weight);
    const change = async (share: number): Promise<number[]> => {
      const moved = await numbersOf(noGrad(() => adapter.mergedInto(layer.weight, share)));
      return moved.map((w, i) => w - (weight[i] as number));
    };
    const whole = await change(1);
    for (const share of [0.5, 0.25, ...(adapter.additive ? [-1] : [])]) {
      for (const [i, c] of (await change(share)).entries()) {
        const [w, all] = [weight[i] as number, whole[i] as number];
        // A sum is rounded once, and the comparison makes what that left 1/|share| times as large.
        const allowed = (ulp(4) * (Math.abs(w) + Math.abs(all))) / Math.abs(share);
        const error = Math.abs(c / share - all);
        claim(error <= allowed, `${share} of the change is ${c} at element ${i}; the whole change is ${all}`);
      }
    }
    return yesOrNo(null, `${whole.length} elements`);
  },
};

/** A merged layer computes the same, refuses a gradient of what has no part in it, and gives its weight back. */
export const mergedAndBack: AdapterLaw = {
  name: 'is merged and taken out again, and refuses to be trained in between',
  async find(row, seed) {
    const { layer, adapter } = trained(row, seed);
    if (!isMergeable(adapter)) return notMergeable;
    const [output, weight] = [await outputOf(layer, row), await numbersOf(layer.weight)];
    mergeAdapters(layer);
    const between = await numbersOf(layer.weight);
    claim(
      between.some((w, i) => w !== weight[i]),
      'the weight is the same after mergeAdapters',
    );
    claimNear('the output after mergeAdapters', await outputOf(layer, row), output, units);
    const loss = (): Tensor => sum(layer.forward(row.input()));
    claimThrows('adapter/merged', () => valueAndGrad(loss, layer.parameters({ trainable: true })));
    if (!adapter.additive) {
      claimThrows('merge/one-way', () => unmergeAdapters(layer));
      return yesOrNo(null, 'multiplies');
    }
    unmergeAdapters(layer);
    for (const [i, w] of (await numbersOf(layer.weight)).entries()) {
      // Both sums are rounded once: two units in the last place of the weight before or after, whichever is larger.
      const [old, large] = [weight[i] as number, largest([weight[i] as number, between[i] as number])];
      claim(Math.abs(w - old) <= ulp(2) * large, `element ${i} of the weight is ${w} afterwards; it was ${old}`);
    }
    claimNear('the output after unmergeAdapters', await outputOf(layer, row), output, units);
    return yesOrNo(null, `${weight.length} elements`);
  },
};

function claimThrows(code: string, act: () => unknown): void {
  try {
    act();
  } catch (error) {
    claim((error as { code?: unknown }).code === code, `got ${error}; expected an error ${code}`);
    return;
  }
  claim(false, `nothing was thrown; expected an error ${code}`);
}
