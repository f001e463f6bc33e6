import type { TypedArray } from '../../base/dtype';
import { gradientAndValueAgree } from './bookkeeping';
import { type Input, type OpCase, type OpLaw, opLaw } from './case';

/**
 * Very large and very small numbers, with many ties among them: where a sum of logarithms drowns in a peak, squares
 * overflow and ∞·0 comes up. `reach` is that of the row.
 */
export function extremeLaws(reach: number): OpLaw[] {
  const farOut = (given: OpCase, seed: number): Promise<void> => {
    const exponent = [reach, Math.floor(reach / 2), -reach, -Math.floor(reach / 2)][seed % 4] as number;
    const grain = seed % 8 < 4 ? 1 : 1 / 16;
    return gradientAndValueAgree(
      { ...given, inputs: given.inputs.map((input) => scaled(input, exponent, grain)) },
      seed,
    );
  };
  return [opLaw('value and gradient agree with the reference at extreme magnitudes', farOut, 20)];
}

/**
 * The input in units of 2^exponent, rounded to multiples of `grain`: of so few bits that products and their sums are
 * exact, so that what is a tie on the reference is one on every backend. Whole numbers stay as they are.
 */
function scaled(input: Input, exponent: number, grain: number): Input {
  const draw = (seed: number): TypedArray => {
    const values = input.draw(seed);
    if (values instanceof Int32Array) return values;
    return values.map((x) => Math.round(x / grain) * grain * 2 ** exponent);
  };
  return { ...input, kind: `${input.kind} in units of 2^${exponent}`, draw };
}
