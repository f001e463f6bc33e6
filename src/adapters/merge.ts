import { StateError } from '../base/errors';
import { refuseExtra } from '../base/options';
import type { Adapter } from '../nn/adapter';
import type { Module } from '../nn/module';
import { assign } from '../tensor/assign';
import { checkTensor } from '../tensor/check';
import { noGrad } from '../tensor/derivatives/no-grad';
import { someAdaptersOf } from './adapters-of';
import type { AttachedLayer } from './attach';

/**
 * Put what adapters have learned into the weights, for LoRA W ← W + s·B·A, and from now on each layer costs what it did
 * without an adapter. The function stays, for LoRA to the rounding of one sum of r products an element. Train with the
 * adapters unmerged, and save and load parameters unmerged too, or without adapters after `removeAdapters`.
 * @throws StateError `merge/twice`, `merge/not-linear` for a method whose change is no change of the weight
 * @throws OptionError `adapter/none`
 */
export function mergeAdapters(model: Module): void {
  if (arguments.length > 1) refuseExtra('mergeAdapters', arguments, 1);
  const found = someAdaptersOf('mergeAdapters', model);
  const merged = found.find(({ adapter }) => adapter.merged);
  if (merged) throw wrongState('mergeAdapters', merged.path, 'merged already', 'call unmergeAdapters(model) first');
  foldAll('mergeAdapters', found, 1);
}

/**
 * Take out of the weights what `mergeAdapters` has put in, on the backend of the merge. It gives back the weights to rounding:
 * with LoRA's C = s·B·A, the same bits both times, M = W + C and U = M − C are rounded once each, so U is within two units
 * in the last place of W or of M, whichever is larger. An element that `lors` keeps off 0 by 2⁻¹²⁶ adds that.
 * @throws StateError `merge/not-merged`, `merge/one-way` for a method whose change depends on the weight
 * @throws OptionError `adapter/none`
 */
export function unmergeAdapters(model: Module): void {
  if (arguments.length > 1) refuseExtra('unmergeAdapters', arguments, 1);
  const found = someAdaptersOf('unmergeAdapters', model);
  const unmerged = found.find(({ adapter }) => !adapter.merged);
  if (unmerged) throw wrongState('unmergeAdapters', unmerged.path, 'not merged', 'call mergeAdapters(model) first');
  for (const { path, adapter } of found) if (!adapter.additive) throw oneWay(path);
  foldAll('unmergeAdapters', found, -1);
}

/**
 * Take the adapters out of a model: what is not merged is forgotten. Base parameters stay frozen; `model.unfreeze` opens
 * them again. @throws OptionError `adapter/none`
 */
export function removeAdapters(model: Module): void {
  if (arguments.length > 1) refuseExtra('removeAdapters', arguments, 1);
  for (const { layer } of someAdaptersOf('removeAdapters', model)) layer.lora = null;
}

/** Fold the adapters in or out, one layer at a time, so that one product of a weight's size lives at once. */
function foldAll(where: string, found: readonly AttachedLayer<Adapter>[], sign: 1 | -1): void {
  const folds = found.map(({ path, layer, adapter }) => {
    if (!isMergeable(adapter)) throw notLinear(path);
    return { layer, adapter };
  });
  for (const { layer, adapter } of folds) {
    noGrad(() => {
      const weight = adapter.mergedInto(layer.weight, sign);
      checkTensor(where, weight);
      assign(layer.weight, weight);
    });
    adapter.merged = sign === 1;
  }
}

type Mergeable = Adapter & Required<Pick<Adapter, 'mergedInto'>>;

/** Whether its change is one of the weight, so that `mergeAdapters` takes it. */
export function isMergeable(adapter: Adapter): adapter is Mergeable {
  return adapter.mergedInto !== undefined;
}

function wrongState(where: 'mergeAdapters' | 'unmergeAdapters', path: string, state: string, fix: string): StateError {
  return new StateError({
    code: where === 'mergeAdapters' ? 'merge/twice' : 'merge/not-merged',
    got: `${where} got an adapter of "${path}" that is ${state}`,
    expected: where === 'mergeAdapters' ? 'adapters beside their weights' : 'adapters in their weights',
    fix,
  });
}

function notLinear(path: string): StateError {
  return new StateError({
    code: 'merge/not-linear',
    got: `mergeAdapters got an adapter of "${path}" whose output is not linear in the input of the layer`,
    expected: 'adapters with a method mergedInto: a change that some weight has too',
    fix: 'keep the adapter beside the weight; the layer computes the same there',
  });
}

function oneWay(path: string): StateError {
  return new StateError({
    code: 'merge/one-way',
    got: `unmergeAdapters got an adapter of "${path}" whose change depends on the weight`,
    expected:
      'one that adds what does not depend on it; a factor of 0, or a row of another length, cannot be taken out again',
    fix: 'keep a copy of the weights before mergeAdapters(model), and load it',
  });
}
