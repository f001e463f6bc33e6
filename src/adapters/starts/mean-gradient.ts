import { OptionError } from '../../base/errors';
import { fold } from '../../base/key';
import { callable, checkArgument, kindOf, required, whole } from '../../base/options';
import { valueAndGrad } from '../../tensor/derivatives/grad';
import { free } from '../../tensor/lifetime';
import { randomizedSvd } from '../../tensor/linalg/randomized-svd';
import type { SVD } from '../../tensor/linalg/svd';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import type { AdapterSite } from './first-factors';

/** What gradients are averaged over. */
export interface GradientSource<Batch> {
  /** The scalar that will be minimised, of the model that gets the adapters. */
  readonly loss: (batch: Batch) => Tensor;
  /** Each gives one gradient; LoRS takes 128 samples in all. */
  readonly batches: readonly Batch[];
}

/** How it is read. */
export const source = {
  loss: required(callable<GradientSource<unknown>['loss']>('of a batch that returns a scalar tensor')),
  batches: required(kindOf<readonly unknown[]>('an array of batches', Array.isArray)),
};

/** The leading singular vectors of the mean gradient, by a random range of min(4r, out, in) columns. */
export function leading<Batch>(where: string, site: AdapterSite, source: GradientSource<Batch>, count: number): SVD {
  const smaller = Math.min(...site.weight.shape);
  checkArgument(where, count === site.rank ? 'rank' : '2·rank', whole({ low: 1, high: smaller }), count);
  return runInScope(where, () => {
    const gradient = meanGradient(site.weight, source);
    const width = Math.min(4 * site.rank, smaller);
    return randomizedSvd(gradient, { rank: count, width, key: fold(site.key, 'svd') });
  });
}

/** One weight at a time: no other gradient of a weight is formed, and one sum of this one is alive. */
export function meanGradient<Batch>(weight: Tensor, { loss, batches }: GradientSource<Batch>): Tensor {
  let sum: Tensor | null = null;
  for (const batch of batches) {
    const before: Tensor | null = sum;
    sum = runInScope('meanGradient', () => {
      const { grads } = valueAndGrad(() => loss(batch), { weight });
      return before ? add(before, grads.weight) : grads.weight;
    });
    if (before) free(before.value, 'meanGradient');
  }
  return mul(sum as Tensor, 1 / batches.length);
}

/** @throws OptionError `gradient-init/batches` */
export function checkBatches(where: string, batches: readonly unknown[]): void {
  if (batches.length > 0) return;
  throw new OptionError({
    code: 'gradient-init/batches',
    got: `${where} got no batches`,
    expected: 'at least one batch to take gradients on',
    fix: 'pass a few batches of the training data',
  });
}
