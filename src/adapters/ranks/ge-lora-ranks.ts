import {
  isPlainObject,
  kindOf,
  listOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
} from '../../base/options';
import { matches } from '../../nn/module';
import { extent } from '../../nn/options';
import { fromArray } from '../../tensor/ops/create';
import { gather } from '../../tensor/ops/movement/gather';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';
import type { BlockStates } from './block-states';
import type { RankPolicy } from './rank-policy';
import { twoNN, twoNNOptions } from './two-nn';

const isStates = (value: unknown): boolean => {
  if (!isPlainObject(value)) return false;
  return typeof value.path === 'string' && isTensor(value.before) && isTensor(value.after);
};

const geLoraOptions = {
  /** The hidden states before and after each block, [N, width]: from `blockStates`, or your own. */
  states: required(listOf(kindOf<BlockStates>('{ path, before, after } of a block', isStates))),
  ...twoNNOptions,
  /** Most points that a dimension is estimated from; of more of them, evenly spaced ones (default 1000). */
  points: optional(extent, 1000),
};

/** The states, and how their dimension is estimated. */
export interface GeLoraRanksOptions extends OptionsOf<typeof geLoraOptions> {}

/** What was estimated of one block. */
export interface BlockDimensions {
  /** Path of the block. */
  readonly path: string;
  /** Estimated dimension of the states before it. */
  readonly before: number;
  /** Estimated dimension of the states after it. */
  readonly after: number;
  /** r of the layers in it, before it is cut to the smaller side of a weight. */
  readonly rank: number;
}

/** The policy, and what it goes by. */
export interface GeLoraRanks extends RankPolicy {
  /** In the order of the states. */
  readonly dimensions: readonly BlockDimensions[];
}

/**
 * GeLoRA's ranks: how much the intrinsic dimension of the hidden states grows through a block bounds from below the rank that
 * the block needs. With estimates i by `twoNN`, each layer in block ℓ gets
 *
 *     r = round(max(i_after − i_before, 0)) + 1,  α = r,
 *
 * so with `lora`'s usual scale s is 1 (`lora`'s alpha has no part). The growth is rounded to the nearest whole number, and the
 * 1 keeps r above it. r is at most the smaller side of the weight. A layer in none of the blocks gets no adapter.
 *
 * The rule was put together from descriptions of the paper, not from a program of its authors.
 * @throws OptionError `two-nn/points`, `options/…`
 * @throws ShapeError `two-nn/points`
 * @see Ed-dib, Datbayev and Aboussalah, "GeLoRA: geometric adaptive ranks for efficient LoRA fine-tuning", arXiv 2412.09250.
 * @example
 * const model = new MLP({ sizes: [8, 16, 4], key: random.key(0) });
 * const x = random.normal(random.key(1), [100, 8]);
 * const states = blockStates(model, { blocks: ['layers.0', 'layers.1'], run: () => model.forward(x) });
 * const { adapted } = lora(model, { rank: geLoraRanks({ states }) });
 * console.log(adapted.map(({ scale }) => scale)); // prints [ 1, 1 ]
 */
export function geLoraRanks(options: GeLoraRanksOptions): GeLoraRanks {
  if (arguments.length > 1) refuseExtra('geLoraRanks', arguments, 1);
  const { states, points, ...estimate } = readOptions('geLoraRanks', geLoraOptions, options);
  const dimensionOf = (t: Tensor): number => runInScope('geLoraRanks', () => twoNN(spaced(t, points), estimate));
  const dimensions = states.map(({ path, before, after }): BlockDimensions => {
    const [i, next] = [dimensionOf(before), dimensionOf(after)];
    return { path, before: i, after: next, rank: Math.round(Math.max(next - i, 0)) + 1 };
  });
  return {
    name: 'geLoraRanks',
    dimensions,
    ranks: (sites) =>
      sites.map(({ path, shape }) => {
        const block = dimensions.find((one) => matches(one.path, path));
        if (!block) return { rank: 0, reason: 'in none of the blocks whose states geLoraRanks has got' };
        const rank = Math.min(block.rank, ...shape);
        return { rank, alpha: rank };
      }),
  };
}

/** At most `count` rows, evenly spaced. */
function spaced(t: Tensor, count: number): Tensor {
  const rows = t.shape[0] ?? 0;
  if (t.ndim !== 2 || rows <= count) return t;
  const at = Int32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  return gather(t, fromArray(at, [count]));
}
