import { StateError } from '../base/errors';
import { checkArgument, refuseExtra, whole } from '../base/options';
import { makeResident } from '../tensor/assign';
import { retire } from '../tensor/lifetime';
import { checkFloat } from '../tensor/op';
import { clone } from '../tensor/ops/movement/clone';
import { concat } from '../tensor/ops/movement/concat';
import { recordingTapes } from '../tensor/tape';
import type { Tensor } from '../tensor/tensor';
import { moduleKind } from './kinds';
import type { Module } from './module';

const count = whole({ low: 0 });

/**
 * What the attention layers of a model keep of the positions that have passed, so that the next pass computes the new
 * ones alone: `model.forward(ids, { cache })`. Only causal layers can use one, since their earlier positions do not see
 * later ones. Keys and values are those of the weights and adapters that made them: take a new cache after a change.
 * `model.cache()` of a `GPT` makes one. For layers put together in another way, make one here and call `advance` when
 * all of them have seen the new positions.
 * @example
 * const model = new GPT({ vocabularySize: 9, context: 8, width: 8, heads: 2, layers: 2, key: random.key(0) });
 * const ids = tensor([[1, 2, 3, 4]], { dtype: 'int32' });
 * const cache = model.cache();
 * model.forward(ids.slice([0, 0], [1, 3]), { cache });
 * const last = model.forward(ids.slice([0, 3], [1, 4]), { cache }); // one position: [1, 1, V]
 * const whole = model.forward(ids).slice([0, 3], [1, 4]);
 * console.log(cache.length, (await last.sub(whole).abs().max().item()) < 1e-5); // prints 4 true
 */
export class KeyValueCache {
  #length = 0;
  readonly #kept = new Map<Module, readonly [keys: Tensor, values: Tensor]>();

  constructor() {
    if (arguments.length > 0) refuseExtra('KeyValueCache', arguments, 0);
  }

  /** Positions that have passed, S. */
  get length(): number {
    return this.#length;
  }

  /**
   * For layers: keep the keys and values of T new positions, and get those of all. They live until the next call or `reset`.
   * Shapes: keys [B, H, T, d], values [B, H, T, e] → [B, H, S + T, d] and [B, H, S + T, e].
   * @throws StateError `cache/derivative` while a derivative is being taken, `cache/position` when this layer has not seen S positions
   * @throws ShapeError `concat/shapes` when the batch is another one
   */
  extend(layer: Module, keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor] {
    if (arguments.length > 3) refuseExtra('KeyValueCache.extend', arguments, 3);
    checkArgument('KeyValueCache.extend', 'layer', moduleKind, layer);
    checkFloat('KeyValueCache.extend', keys, values);
    if (recordingTapes().length > 0) throw insideDerivative();
    const before = this.#kept.get(layer);
    const seen = before?.[0].shape[2] ?? 0;
    if (seen !== this.#length) throw outOfStep(seen, this.#length);
    const all: [Tensor, Tensor] = before
      ? [concat([before[0], keys], 2), concat([before[1], values], 2)]
      : [clone(keys), clone(values)];
    all.forEach(makeResident);
    this.#kept.set(layer, all);
    for (const old of before ?? []) retire(old.value);
    return all;
  }

  /** For models: all layers have seen `positions` more. */
  advance(positions: number): void {
    if (arguments.length > 1) refuseExtra('KeyValueCache.advance', arguments, 1);
    checkArgument('KeyValueCache.advance', 'positions', count, positions);
    this.#length += positions;
  }

  /** Forget everything and free it: the next pass begins at position 0. */
  reset(): void {
    if (arguments.length > 0) refuseExtra('KeyValueCache.reset', arguments, 0);
    for (const kept of this.#kept.values()) for (const { value } of kept) retire(value);
    this.#kept.clear();
    this.#length = 0;
  }
}

function insideDerivative(): StateError {
  return new StateError({
    code: 'cache/derivative',
    got: 'a pass with a cache of keys and values inside of a derivative',
    expected: 'a pass that no tape records, since no gradient reaches what an earlier pass has kept',
    fix: 'leave the cache out in training, or generate inside noGrad',
  });
}

function outOfStep(seen: number, length: number): StateError {
  return new StateError({
    code: 'cache/position',
    got: `a layer that has seen ${seen} positions got a cache of ${length}`,
    expected: 'a cache that went through this layer in every pass',
    fix: 'use one cache for each model, call advance after each pass of layers of your own, and reset after a pass that failed',
  });
}
