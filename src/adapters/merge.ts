import { OptionError, StateError } from '../base/errors';
import { checkArgument, refuseExtra } from '../base/options';
import { moduleKind } from '../nn/kinds';
import type { Module } from '../nn/module';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import { LowRankAdapter } from './low-rank-adapter';
import { type Site, sitesOf } from './sites';

/**
 * Put what adapters have learned into the weights: W ← W + s·B·A, and from now on each layer costs what it did without
 * an adapter. The function stays, to the rounding of one sum of r products an element. Train with the adapters unmerged,
 * and save and load parameters unmerged too, or without adapters after `remove`.
 * @throws StateError `merge/twice`
 * @throws OptionError `adapter/none`
 */
export function merge(model: Module): void {
  if (arguments.length > 1) refuseExtra('merge', arguments, 1);
  const found = adaptersOf('merge', model);
  const merged = found.find(({ adapter }) => adapter.merged);
  if (merged) throw wrongState('merge', merged.path, 'merged already', 'call unmerge(model) first');
  for (const { layer, adapter } of found) fold(layer, adapter, 1);
}

/**
 * Take out of the weights what `merge` has put in: W ← W − s·B·A, on the backend of the merge. It gives back the weights to
 * rounding: with C = s·B·A, the same bits both times, M = W + C and U = M − C are rounded once each, so U is within two
 * units in the last place of W or of M, whichever is larger. An element that `lors` keeps off 0 by 2⁻¹²⁶ adds that.
 * @throws StateError `merge/not-merged`, `merge/one-way` for a method that multiplies
 * @throws OptionError `adapter/none`
 */
export function unmerge(model: Module): void {
  if (arguments.length > 1) refuseExtra('unmerge', arguments, 1);
  const found = adaptersOf('unmerge', model);
  const unmerged = found.find(({ adapter }) => !adapter.merged);
  if (unmerged) throw wrongState('unmerge', unmerged.path, 'not merged', 'call merge(model) first');
  for (const { path, adapter } of found) if (!adapter.additive) throw oneWay(path);
  for (const { layer, adapter } of found) fold(layer, adapter, -1);
}

/**
 * Take the adapters out of a model: what is not merged is forgotten. Base parameters stay frozen; `model.unfreeze` opens
 * them again. @throws OptionError `adapter/none`
 */
export function remove(model: Module): void {
  if (arguments.length > 1) refuseExtra('remove', arguments, 1);
  for (const { layer } of adaptersOf('remove', model)) layer.lora = null;
}

/** One layer at a time, so that one product of the weight's size lives at once. */
function fold(layer: Site['layer'], adapter: LowRankAdapter, sign: 1 | -1): void {
  noGrad(() => assign(layer.weight, adapter.mergedInto(layer.weight, sign)));
  adapter.merged = sign === 1;
}

/** The layers that have one of our adapters. @throws OptionError `adapter/none` */
function adaptersOf(where: string, model: Module): { path: string; layer: Site['layer']; adapter: LowRankAdapter }[] {
  checkArgument(where, 'model', moduleKind, model);
  const found = sitesOf(model).flatMap(({ path, layer }) =>
    layer.lora instanceof LowRankAdapter ? [{ path, layer, adapter: layer.lora }] : [],
  );
  if (found.length > 0) return found;
  throw new OptionError({
    code: 'adapter/none',
    got: `${where} got a model without adapters`,
    expected: 'a model that lora, periodicLora or lors has been called on',
    fix: 'attach adapters first',
  });
}

function wrongState(where: 'merge' | 'unmerge', path: string, state: string, fix: string): StateError {
  return new StateError({
    code: where === 'merge' ? 'merge/twice' : 'merge/not-merged',
    got: `${where} got an adapter of "${path}" that is ${state}`,
    expected: where === 'merge' ? 'adapters beside their weights' : 'adapters in their weights',
    fix,
  });
}

function oneWay(path: string): StateError {
  return new StateError({
    code: 'merge/one-way',
    got: `unmerge got an adapter of "${path}" that multiplies the weight`,
    expected: 'one that adds to it, since a factor that came out as 0 cannot be divided out again',
    fix: 'keep a copy of the weights before merge(model), and load it',
  });
}
