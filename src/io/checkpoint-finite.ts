import type { TypedArray } from '../base/dtype';
import { FileError } from '../base/errors';
import type { Part } from './checkpoint-record';

/** What to do where a save is refused, and where an older version has saved such values. */
export const kept =
  'go on from the checkpoint before, which is still there, with a smaller learning rate or clipByGlobalNorm; debug({ nonFinite: true }) names the op that diverged';
export const olderOne = 'go back to an older checkpoint; loadSafetensors reads the tensors as they are';

/**
 * A parameter that is not finite makes every loss NaN, and a NaN in a state does so in the next step, or at the end of a
 * cycle. Infinity in a state can be meant: the best value so far, a second moment beyond float32.
 * @throws FileError `checkpoint/non-finite`
 */
export function checkFinite(part: Part, name: string, values: TypedArray, fix: string): void {
  if (!(values instanceof Float32Array)) return;
  const isParameter = part === 'parameters';
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (x - x === 0 || !(isParameter || Number.isNaN(x))) continue;
    throw new FileError({
      code: 'checkpoint/non-finite',
      got: `element ${i} of ${isParameter ? 'the parameter' : 'the state'} ${JSON.stringify(name)} is ${x}`,
      expected: isParameter ? 'finite parameters' : 'a state without NaN',
      fix,
    });
  }
}
