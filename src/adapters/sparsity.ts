import { type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { type Module, matchKind } from '../nn/module';
import { chosenWeights } from './weights';

/** How sparse one weight is. */
export interface SparsityRow {
  /** The layer's path. */
  readonly path: string;
  /** Elements that are 0. */
  readonly zeros: number;
  /** All elements. */
  readonly size: number;
  /** zeros/size */
  readonly sparsity: number;
}

const sparsityOptions = {
  /** Which `Linear` layers, by their path (default: all). */
  match: optional(matchKind),
};

/** Which layers are looked at. */
export interface SparsityOptions extends OptionsOf<typeof sparsityOptions> {}

/**
 * How many zeros the weights of the `Linear` layers have.
 * @throws OptionError `prune/no-match`
 */
export async function sparsity(model: Module, options: SparsityOptions = {}): Promise<SparsityRow[]> {
  if (arguments.length > 2) refuseExtra('sparsity', arguments, 2);
  const { match } = readOptions('sparsity', sparsityOptions, options, 'model');
  const weights = chosenWeights('sparsity', model, match);
  return Promise.all(
    weights.map(async ({ path, weight }) => {
      let zeros = 0;
      for (const x of await weight.data()) if (x === 0) zeros++;
      return { path, zeros, size: weight.size, sparsity: zeros / weight.size };
    }),
  );
}
