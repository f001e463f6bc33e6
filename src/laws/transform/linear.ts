import { axpby } from '../../tensor/ops/elementwise/axpby';
import type { Params, Tensor } from '../../tensor/tensor';
import { yesOrNo } from '../finding';
import { cycleOf, gradientsOf, paramsOf, run } from './case';
import type { TransformLaw } from './law';
import { readTree, type TreeLeaf } from './tree-leaves';

/**
 * Where a transform says `linear`, every update and every tensor of the state after three cycles is a linear function of
 * all gradients so far: L(2·g − ½·h) = 2·L(g) − ½·L(h). Deviations are in units of 2⁻²³ of the largest term of the
 * right side: some ten roundings for each of a few steps stay far below 100, a function that is not linear far above.
 */
export const linear: TransformLaw = {
  name: 'is linear where it says so',
  async find(make, given) {
    const transform = make();
    if (!transform.linear) return yesOrNo(null, 'does not say so');
    const params = paramsOf(given);
    const count = 3 * cycleOf(transform, given);
    const [g, h] = [gradientsOf(given, count), gradientsOf(given, count, 'other')];
    const mixed = g.map((grads, step) => combine(grads, h[step] as Params));
    const [whole, left, right] = await Promise.all(
      [mixed, g, h].map((gradients) => readTree(run(transform, params, gradients))),
    );
    let [statistic, message] = [0, `L(2·g − ½·h) = 2·L(g) − ½·L(h) over ${count} gradients`];
    for (const [i, leaf] of (whole as TreeLeaf[]).entries()) {
      const off = deviation(leaf, left?.[i], right?.[i]);
      if (off <= statistic) continue;
      statistic = off;
      message = `${leaf.place} of L(2·g − ½·h) is ${off.toPrecision(3)} units away from 2·L(g) − ½·L(h)`;
    }
    return { statistic, threshold: 100, message };
  },
};

function combine(g: Params, h: Params): Params {
  return Object.fromEntries(Object.entries(g).map(([path, x]) => [path, axpby(2, x, -0.5, h[path] as Tensor)]));
}

/** Largest |whole − 2·left + ½·right| in units of 2⁻²³ of the largest |2·left| + |½·right|; infinite for NaN. */
function deviation(whole: TreeLeaf, left: TreeLeaf | undefined, right: TreeLeaf | undefined): number {
  if (!whole.tensor || !left?.tensor || !right?.tensor) return 0;
  let [largest, scale] = [0, 2 ** -149];
  for (const [i, x] of whole.tensor.values.entries()) {
    const [a, b] = [2 * (left.tensor.values[i] as number), 0.5 * (right.tensor.values[i] as number)];
    const off = Math.abs(x - (a - b));
    largest = Number.isNaN(off) ? Infinity : Math.max(largest, off);
    scale = Math.max(scale, Math.abs(a) + Math.abs(b));
  }
  return largest / (2 ** -23 * scale);
}
