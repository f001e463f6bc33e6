import { StateError } from '../base/errors';
import { checkArgument, kindOf, refuseExtra } from '../base/options';
import { isTracked } from '../tensor/tape';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import type { ForwardOptions } from './forward-options';
import { Module } from './module';

/**
 * What changes a layer's output: a module in the field `lora` of an `Adaptable` layer, which gets the layer's input and
 * parameters and returns the output in the layer's place. Its own parameters are its tensor fields, '….lora.NAME'; what
 * is constant goes into `#private` fields. `attachAdapters` makes and attaches adapters of any class.
 *
 * It hangs in the layer rather than replacing it, so a model keeps its class, its paths and its weights, and a checkpoint of
 * the base still fits. The layer knows this contract alone: it has no case for any method.
 */
export abstract class Adapter extends Module {
  /** The change is in the layer's weight, and the layer computes without the adapter: see `mergeAdapters`. */
  merged = false;

  /** The layer's output, given its input and its own parameters. Shapes: those of the layer. */
  abstract override forward(x: Tensor, weight: Tensor, bias: Tensor | null, options?: ForwardOptions): Tensor;

  /** Whether `mergedInto` adds something to the weight that does not depend on the weight, so that `unmergeAdapters` can subtract it. */
  abstract readonly additive: boolean;

  /**
   * The weight with `fraction` of the change in it: with 1, the plain layer computes with it what the adapted layer does.
   * With −1 an additive adapter takes out what it put in with 1, to rounding. An adapter that is not linear in x has no
   * such method, and `mergeAdapters` refuses it.
   */
  mergedInto?(weight: Tensor, fraction: number): Tensor;

  /**
   * An adapter of the same function without the components that have no part in it, for adapters whose rank changes: they
   * keep factors of the largest rank in training, and a mask. Null where no component is left. See `compact`.
   */
  compacted?(): Promise<Adapter | null>;
}

/** A layer that can host an adapter: `forward` hands over to `activeAdapter(this)` where there is one. */
export interface Adaptable extends Module {
  /** What a merge changes. */
  readonly weight: Tensor;
  /** What changes the output, if anything. The name is part of the paths of parameters, whatever the method. */
  lora: Adapter | null;
}

/**
 * The adapter that computes the output of a layer now: null without one, and for one that is merged into the weight.
 * @throws StateError `adapter/merged` where a derivative with respect to a merged adapter is being taken
 * @example
 * class Scale extends Module implements Adaptable {
 *   weight = ones([3]);
 *   lora: Adapter | null = null;
 *   forward(x: Tensor, options: ForwardOptions = {}): Tensor {
 *     const adapter = activeAdapter(this);
 *     return adapter ? adapter.forward(x, this.weight, null, options) : mul(x, this.weight);
 *   }
 * }
 * console.log(Object.keys(new Scale().parameters())); // prints [ 'weight' ]
 */
export function activeAdapter(layer: Adaptable): Adapter | null {
  if (arguments.length > 1) refuseExtra('activeAdapter', arguments, 1);
  if (!adaptableKind.fits(layer)) checkArgument('activeAdapter', 'layer', adaptableKind, layer);
  const { lora } = layer;
  if (lora === null || !lora.merged) return lora;
  if (isTracked(Object.values(lora.parameters()).map(({ value }) => value))) throw trainedWhileMerged();
  return null;
}

const adaptableKind = kindOf<Adaptable>(
  'a module with a tensor in the field weight, and null or an Adapter in lora',
  (value) => value instanceof Module && isAdaptable(value),
);

/** Whether a layer can host an adapter. */
export function isAdaptable(layer: Module): layer is Adaptable {
  const { lora, weight } = layer as Partial<Adaptable>;
  return isTensor(weight) && (lora === null || lora instanceof Adapter);
}

function trainedWhileMerged(): StateError {
  return new StateError({
    code: 'adapter/merged',
    got: 'a derivative is being taken of the parameters of an adapter that is merged into its weight',
    expected: 'an adapter that still stands beside the weight, since a merged one has no part in the forward pass',
    fix: 'call unmergeAdapters(model) before training',
  });
}
