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

/** What an adapter with these factors is made of: any such one, beside the weight that they fit. */
interface Plain extends Adapter {
  readonly rank: number;
  readonly scale: number;
  readonly dropout?: number;
}

/** As if that method had attached it with the rank and the scale that it has. */
export function setPlain<A extends Plain>(
  method: 'lora' | 'dora' | 'sora',
  adapter: A,
  more: AdapterOrigin['settings'] = {},
): A {
  const { rank, scale, dropout = 0 } = adapter;
  setOrigin(adapter, { method, settings: { ...more, rank, alpha: scale * rank, dropout } });
  return adapter;
}

/** A smaller adapter in the place of one of that method. */
export function asSmaller<A extends Plain>(method: 'lora' | 'sora', smaller: A, adapter: A): A {
  if (isShifted(adapter)) setShifted(smaller);
  const origin = originOf(adapter);
  if (origin?.method !== method) return smaller;
  const { freezeA } = origin.settings;
  return setPlain(method, smaller, freezeA === undefined ? {} : { freezeA });
}
