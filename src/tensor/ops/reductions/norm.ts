import { kindOf, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { abs } from '../elementwise/abs';
import { equal } from '../elementwise/compare';
import { sqrt } from '../elementwise/sqrt';
import { where } from '../elementwise/where';
import { emptyReduction, max } from './max';
import { axesOf, reduceOptions, reduceRuns } from './reduce';
import { countOf, sumRun } from './sum';
import { sumSquaresOver } from './sum-squares';

const normOptions = {
  ...reduceOptions,
  /** 1 for Σ|x|, 2 (the default) for √Σx², Infinity for the largest |x|. */
  p: optional(
    kindOf<number>('1, 2 or Infinity', (p) => p === 1 || p === 2 || p === Infinity, 'options/choice'),
    2,
  ),
};

/** Axes, and which norm. */
export interface NormOptions extends OptionsOf<typeof normOptions> {}

/**
 * The p-norm over axes, of all elements as one vector by default. Its derivative at 0 is 0, as in PyTorch; for p = Infinity
 * equal extremes share it evenly. The squares of p = 2 overflow from 1.8e19 on and vanish below 1e-23.
 * @throws ShapeError `reduce/empty` for the largest of nothing
 * @example
 * console.log(await norm(tensor([3, 4])).item()); // prints 5
 * console.log(await grad((x) => norm(x))(zeros([2])).array()); // prints [ 0, 0 ]
 */
export function norm(x: Tensor, options?: NormOptions): Tensor {
  if (arguments.length > 2) refuseExtra('norm', arguments, 2);
  checkFloat('norm', x);
  const { axis, keepDims, p } = readOptions('norm', normOptions, options === undefined ? {} : options, 'x');
  const axes = axesOf('norm', x, axis);
  if (p === 2) return rootOf(sumSquaresOver(x, { axes, keepDims }));
  if (p === 1) return reduceRuns(abs(x), { axes, keepDims }, sumRun);
  if (countOf(x, axes) === 0) throw emptyReduction('norm', x);
  return max(abs(x), { axis: axes, keepDims });
}

/** √x with the derivative 0 at 0, where that of √ is infinite and what it is multiplied by is 0. */
export function rootOf(x: Tensor): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, sqrt(where(zero, 1, x)));
}
