import { checkOptions } from '../base/errors';
import type { Match, Module } from '../nn/module';
import { chosenWeights } from './weights';

/** How sparse one weight is. */
export interface SparsityRow {
  /** Of the layer. */
  readonly path: string;
  /** Elements that are 0. */
  readonly zeros: number;
  /** All elements. */
  readonly size: number;
  /** zeros/size */
  readonly sparsity: number;
}

/**
 * How many zeros the weights of the `Linear` layers have.
 * @throws OptionError `prune/no-match`
 */
export async function sparsity(model: Module, options: { match?: Match } = {}): Promise<SparsityRow[]> {
  checkOptions('sparsity', options, ['match']);
  const weights = chosenWeights('sparsity', model, options.match);
  return Promise.all(
    weights.map(async ({ path, weight }) => {
      let zeros = 0;
      for (const x of await weight.data()) if (x === 0) zeros++;
      return { path, zeros, size: weight.size, sparsity: zeros / weight.size };
    }),
  );
}
