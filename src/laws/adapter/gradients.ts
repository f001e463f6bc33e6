import { key } from '../../base/key';
import { valueAndGrad } from '../../tensor/derivatives/grad';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { tensor } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { random } from '../../tensor/ops/random/random';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { tolerance } from '../close';
import { difference, offsets } from '../differences';
import { yesOrNo } from '../finding';
import { claim } from '../violation';
import { type AdapterLaw, largest, numbersOf, stateOf, trained } from './case';

/** Step of the differences: outputs are linear in each number of most adapters, so it is large, and round-off small. */
const h = 0.25;

/** First, middle and last element of every parameter, against central differences; the weight is opened too. */
export const gradients: AdapterLaw = {
  name: 'has the gradients of its output, and so has the weight where it is trained too',
  async find(row, seed) {
    const { layer } = trained(row, seed);
    layer.unfreeze('weight');
    const direction = random.normal(key(seed + 1), noGrad(() => layer.forward(row.input())).shape);
    const weights = await numbersOf(direction);
    const { grads } = valueAndGrad(
      () => sum(mul(layer.forward(row.input()), direction)),
      layer.parameters({ trainable: true }),
    );
    const [values, shapes] = [
      await stateOf(layer),
      Object.entries(layer.state()).map(([path, { shape }]) => [path, shape] as const),
    ];
    const outputAt = async (path: string, i: number, by: number): Promise<number[]> => {
      const entries = shapes.map(([name, shape]): [string, Tensor] => {
        const own = values[name] as number[];
        return [name, tensor(name === path ? own.map((x, j) => (i === j ? x + by : x)) : own, { shape: [...shape] })];
      });
      layer.load(Object.fromEntries(entries));
      return numbersOf(noGrad(() => layer.forward(row.input())));
    };
    let compared = 0;
    for (const [path, gradient] of Object.entries(grads)) {
      if (row.straightThrough && path !== 'weight') continue;
      const actual = await numbersOf(gradient);
      for (const i of new Set([0, Math.floor(actual.length / 2), actual.length - 1])) {
        if (path === 'weight' && values[path]?.[i] === 0) continue; // a zero of a pruned weight is a mask, not a value
        const moved: number[][] = [];
        for (const offset of offsets) moved.push(await outputAt(path, i, offset * h));
        const { value, error } = difference(moved, weights, 1, 0, h);
        const [a, allowed] = [actual[i] as number, error + tolerance(largest(actual))];
        claim(Math.abs(a - value) <= allowed, `∂loss/∂${path} is ${a} at element ${i}; expected ${value} ± ${allowed}`);
        compared++;
      }
    }
    return yesOrNo(null, `${compared} elements`);
  },
};
