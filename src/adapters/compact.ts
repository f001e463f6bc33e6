import { refuseExtra } from '../base/options';
import type { Adapter } from '../nn/adapter';
import type { Module } from '../nn/module';
import { someAdaptersOf } from './adapters-of';

/** One adapter that has become smaller. */
export interface CompactedLayer {
  /** Dotted path of the layer. */
  readonly path: string;
  /** Numbers of the adapter before. */
  readonly before: number;
  /** Numbers of the adapter now; 0 where nothing of it was left, and the layer has none. */
  readonly after: number;
}

/**
 * Remove the components of adapters that have no part in the function, after training with a rank that changes: factors
 * of the largest rank become factors of the rank that is left. The function stays, to the rounding of sums with fewer
 * terms. What was frozen stays frozen. A trainer of the model has to be made again. Resolves with the adapters that
 * have changed; those of a fixed rank stay.
 * @throws OptionError `adapter/none`
 * @example
 * const model = new Linear(8, 8, { key: random.key(0) });
 * lora(model, { rank: 4, mask: true });
 * model.load({ ...model.state(), 'lora.mask': tensor([1, 0, 0, 1]) }); // as a transform has decided
 * console.log(await compact(model)); // prints [ { path: '', before: 68, after: 32 } ]
 */
export async function compact(model: Module): Promise<CompactedLayer[]> {
  if (arguments.length > 1) refuseExtra('compact', arguments, 1);
  const found = someAdaptersOf('compact', model);
  const smaller = await Promise.all(found.map(({ adapter }) => adapter.compacted?.() ?? adapter));
  return found.flatMap(({ path, layer, adapter }, i) => {
    const next = smaller[i] ?? null;
    if (next === adapter || (next && sizeOf(next) === sizeOf(adapter))) return [];
    if (next) inherit(next, adapter);
    layer.lora = next;
    return [{ path, before: sizeOf(adapter), after: next ? sizeOf(next) : 0 }];
  });
}

/** Numbers of an adapter. */
function sizeOf(adapter: Adapter): number {
  return Object.values(adapter.parameters()).reduce((sum, { size }) => sum + size, 0);
}

/** What is no value of a parameter: the mark of a merge, and what is frozen. */
export function inherit(next: Adapter, adapter: Adapter): void {
  next.merged = adapter.merged;
  const trained = adapter.parameters({ trainable: true });
  const frozen = Object.keys(next.parameters()).filter((path) => !Object.hasOwn(trained, path));
  if (frozen.length > 0) next.freeze((path) => frozen.includes(path));
}
