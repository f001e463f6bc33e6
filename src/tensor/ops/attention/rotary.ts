import { allocate } from '../../../base/dtype';
import { ShapeError } from '../../../base/errors';
import { number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkFloat } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { sub } from '../elementwise/sub';
import { concat } from '../movement/concat';
import { split } from '../movement/slice';

/** What the angles are made of. */
export const rotaryBase = {
  /** The slowest pair turns by almost 1/base a position (default 10000). */
  base: optional(number({ low: Number.MIN_VALUE }), 10000),
};

const rotaryOptions = {
  ...rotaryBase,
  /** Position of the first row (default 0). */
  offset: optional(whole({ low: 0 }), 0),
};

/** The angles of a rotary position embedding, and where it begins. */
export interface RotaryOptions extends OptionsOf<typeof rotaryOptions> {}

/**
 * Rotary position embedding: the row of position p = offset + t is turned, pair by pair, by the angles p·θᵢ with
 * θᵢ = base^(−2i/d). Products of a turned query and a turned key depend on their distance alone. Pair i is made of the
 * elements i and i + d/2, the halves of GPT-NeoX and LLaMA; the paper's pairs are neighbours, which is another order of
 * the same elements:
 *
 *     y[i] = x[i]·cos(p·θᵢ) − x[i + d/2]·sin(p·θᵢ),   y[i + d/2] = x[i + d/2]·cos(p·θᵢ) + x[i]·sin(p·θᵢ)
 *
 * Shapes: x [..., T, d] with d even → the same.
 * @throws ShapeError `rotary/width`
 * @see Su et al., "RoFormer: enhanced transformer with rotary position embedding", arXiv 2104.09864, eq. 34.
 * @example
 * const at = (position: number) => rotary(tensor([[1, 0]]), { offset: position });
 * const score = (i: number, j: number) => matmul(at(i), at(j), { transposeB: true }).item();
 * console.log((await score(5, 2)).toFixed(4), (await score(13, 10)).toFixed(4)); // prints -0.9900 -0.9900
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('rotary', arguments, 2);
  checkFloat('rotary', x);
  const { base, offset } = readOptions('rotary', rotaryOptions, options, 'x');
  const [time, width] = x.shape.slice(-2) as [number, number];
  if (x.ndim < 2 || width % 2 !== 0) throw unpaired(x);
  return runInScope('rotary', () => {
    const [first, second] = split(x, 2, -1) as [Tensor, Tensor]; // [..., T, d/2]
    const [cos, sin] = [Math.cos, Math.sin].map((f) => turns(f, time, width / 2, base, offset)) as [Tensor, Tensor];
    return concat([sub(mul(first, cos), mul(second, sin)), add(mul(second, cos), mul(first, sin))], -1);
  });
}

/** f((offset + t)·base^(−i/pairs)) [T, pairs], the angles in float64. */
function turns(f: (angle: number) => number, time: number, pairs: number, base: number, offset: number): Tensor {
  const values = allocate('float32', time * pairs, 'rotary');
  for (let t = 0; t < time; t++)
    for (let i = 0; i < pairs; i++) values[t * pairs + i] = f((offset + t) * base ** (-i / pairs));
  return fromArray(values, [time, pairs]);
}

function unpaired(x: Tensor): ShapeError {
  return new ShapeError({
    code: 'rotary/width',
    got: `rotary got a tensor ${show(x.shape)}`,
    expected: '[..., T, d] with d even, since elements are turned in pairs',
    fix: 'use an even width of the heads, such as 32 or 64',
  });
}
