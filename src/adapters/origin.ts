import type { Adapter } from '../nn/adapter';

/** What has made an adapter: what a file says so that it can be made again. One object for all adapters of one call. */
export interface AdapterOrigin {
  /** Name of the public function. */
  readonly method: string;
  /** Its options, as they were read. */
  readonly settings: Readonly<Record<string, unknown>>;
}

// Beside the adapters and not in their fields, where settings that hold tensors would be parameters.
const origins = new WeakMap<Adapter, AdapterOrigin>();
const shifted = new WeakSet<Adapter>();

/** Keep what has made an adapter. */
export function setOrigin(adapter: Adapter, origin: AdapterOrigin): void {
  origins.set(adapter, origin);
}

/** What has made an adapter, if it was a method that says so. */
export function originOf(adapter: Adapter): AdapterOrigin | undefined {
  return origins.get(adapter);
}

/** Attaching the adapter has changed the weight, so that it fits no copy of the base: no file can hold it alone. */
export function setShifted(adapter: Adapter): void {
  shifted.add(adapter);
}

/** Whether attaching the adapter has changed the weight. */
export function isShifted(adapter: Adapter): boolean {
  return shifted.has(adapter);
}

/** What a plain adapter of LoRA is made of: any with these factors, beside the weight that they fit. */
interface PlainLora extends Adapter {
  readonly rank: number;
  readonly scale: number;
  readonly dropout?: number;
}

/** As if `lora` had attached it with the rank and the scale that it has. */
export function setPlainLora<A extends PlainLora>(adapter: A, more: AdapterOrigin['settings'] = {}): A {
  const { rank, scale, dropout = 0 } = adapter;
  setOrigin(adapter, { method: 'lora', settings: { ...more, rank, alpha: scale * rank, dropout } });
  return adapter;
}

/** A smaller adapter in the place of one of LoRA. */
export function asLora<A extends PlainLora>(smaller: A, adapter: A): A {
  if (isShifted(adapter)) setShifted(smaller);
  const origin = originOf(adapter);
  if (origin?.method !== 'lora') return smaller;
  return setPlainLora(smaller, { freezeA: origin.settings.freezeA });
}
