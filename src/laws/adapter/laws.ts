import { boolean, callable, optional, readOptions, refuseExtra, required, string } from '../../base/options';
import { hold } from '../finding';
import { type Law, law } from '../law';
import type { AdapterLaw, AdapterRow } from './case';
import { gradients } from './gradients';
import { fraction, merged, mergedAndBack } from './merged';
import { resumed } from './resumed';
import { saved } from './saved';
import { start } from './start';

/** What every adapter owes. */
const allLaws: readonly AdapterLaw[] = [start, merged, fraction, mergedAndBack, gradients, saved, resumed];

const rowOptions = {
  name: required(string),
  layer: required(callable<AdapterRow['layer']>('that makes a layer')),
  attach: required(callable<AdapterRow['attach']>('of a layer')),
  input: required(callable<AdapterRow['input']>('that makes an input')),
  training: optional(callable<NonNullable<AdapterRow['training']>>('of what attach has returned')),
  effectAtStart: optional(boolean, false),
  straightThrough: optional(boolean, false),
};

/**
 * What every adapter owes, on the current backend: it starts without effect and is all that is trained; where it can be
 * merged, the plain layer computes the same with the merged weight, fractions are fractions, and what was added can be
 * taken out; gradients match differences, values come back from a saved state, and a training from any of its steps.
 * @throws OptionError `options/unknown`, `options/type`
 * @example
 * const layer = () => new Linear(4, 3, { key: random.key(0) });
 * const input = () => ones([2, 4]);
 * for (const { holds } of adapterLaws({ name: 'LoRA', layer, attach: (host) => lora(host, { rank: 2 }), input })) {
 *   await holds(); // or, in a test runner, it(name, holds)
 * }
 */
export function adapterLaws(row: AdapterRow): Law[] {
  if (arguments.length > 1) refuseExtra('adapterLaws', arguments, 1);
  const read = readOptions('adapterLaws', rowOptions, row);
  return allLaws.map((one) => law(`${read.name}: ${one.name}`, () => hold(one, read, 7)));
}
