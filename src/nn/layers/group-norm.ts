import { OptionError, ShapeError } from '../../base/errors';
import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { show } from '../../base/shape';
import { ones, zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { reshape } from '../../tensor/ops/movement/reshape';
import { layerNorm } from '../../tensor/ops/rows/layer-norm';
import type { Tensor } from '../../tensor/tensor';
import { checkForward } from '../forward-options';
import { Module } from '../module';
import { extent } from '../options';

const groupNormOptions = {
  /** Added to the variance (default 1e-5). */
  epsilon: optional(number({ low: 0 }), 1e-5),
};

/** What keeps the root away from 0. */
export interface GroupNormOptions extends OptionsOf<typeof groupNormOptions> {}

/**
 * The channels of each example in groups, each group to mean 0 and variance 1, then times weight plus bias, [channels]
 * each. The same in training and evaluation, and for every size of batch.
 * @see Wu and He, "Group normalization", arXiv 1803.08494, eq. 1–7.
 * @example
 * const norm = new GroupNorm(2, 4);
 * console.log(norm.forward(ones([3, 4, 5, 5])).shape); // prints [ 3, 4, 5, 5 ]
 */
export class GroupNorm extends Module {
  /** Factor of each channel, [channels]. */
  weight: Tensor;
  /** What is added to each channel, [channels]. */
  bias: Tensor;
  /** How many groups there are. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;

  /** Weight starts at 1, bias at 0. @throws OptionError `group-norm/groups` when the groups do not divide the channels */
  constructor(groups: number, channels: number, options: GroupNormOptions = {}) {
    super();
    if (arguments.length > 3) refuseExtra('GroupNorm', arguments, 3);
    checkArgument('GroupNorm', 'groups', extent, groups);
    checkArgument('GroupNorm', 'channels', extent, channels);
    if (channels % groups !== 0) throw unevenGroups(groups, channels);
    const { epsilon } = readOptions('GroupNorm', groupNormOptions, options, 'groups, channels');
    this.weight = ones([channels]);
    this.bias = zeros([channels]);
    this.groups = groups;
    this.epsilon = epsilon;
  }

  /** Shapes: x [N, channels, ...] → the same. @throws ShapeError `group-norm/shapes` */
  forward(x: Tensor): Tensor {
    checkForward('GroupNorm.forward', arguments);
    const channels = this.weight.size;
    if (x.ndim < 2 || x.shape[1] !== channels) throw wrongShape(x, channels);
    const rows = (x.shape[0] as number) * this.groups;
    const grouped = reshape(x, [rows, rows === 0 ? 0 : x.size / rows]); // [N·groups, channels of one·…]
    const normal = reshape(layerNorm(grouped, undefined, undefined, { epsilon: this.epsilon }), x.shape);
    const perChannel = (t: Tensor): Tensor => reshape(t, [channels, ...x.shape.slice(2).map(() => 1)]);
    return add(mul(normal, perChannel(this.weight)), perChannel(this.bias));
  }
}

function unevenGroups(groups: number, channels: number): OptionError {
  return new OptionError({
    code: 'group-norm/groups',
    got: `GroupNorm got ${groups} groups and ${channels} channels`,
    expected: 'groups that divide the channels',
    fix: `use ${Math.ceil(channels / groups) * groups} channels, or another number of groups`,
  });
}

function wrongShape(x: Tensor, channels: number): ShapeError {
  return new ShapeError({
    code: 'group-norm/shapes',
    got: `GroupNorm.forward got x ${show(x.shape)}`,
    expected: `x [N, ${channels}] or [N, ${channels}, ...]`,
    fix: 'make the layer for as many channels, or transpose channels that come last to the second axis',
  });
}
