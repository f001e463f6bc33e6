import { dtypeOf, type TypedArray } from '../../base/dtype';
import type { Storage, Storages } from '../contract';
import type { WasmDevice } from './device';
import { WasmStorage } from './storage';

/** Values lie in host arrays until an operation needs them in the heap. */
export const storages = (device: WasmDevice) => {
  const readSync = (storage: Storage): TypedArray => {
    const held = storage as WasmStorage;
    return held.host !== null ? held.host.slice() : device.heap.copy(held);
  };
  return {
    fromHost: (values) => new WasmStorage(dtypeOf(values), values.length, null, values),
    alias(storage) {
      const { dtype, size, block, host } = storage as WasmStorage;
      if (host !== null) return new WasmStorage(dtype, size, null, host); // a staged copy belongs to the original alone
      if (block !== null) block.users += 1;
      return new WasmStorage(dtype, size, block, null);
    },
    free(storage) {
      const held = storage as WasmStorage;
      if (held.block !== null) device.heap.free(held);
      held.host = null;
    },
    collectable(storage) {
      const held = storage as WasmStorage;
      if (held.host === null) device.heap.collectable(held); // else: a staged copy goes when its scope ends
    },
    resident: (storage) => device.heap.resident(storage as WasmStorage),
    enter: () => (device.started ? device.heap.enter() : 0),
    leave(mark) {
      if (device.started) device.heap.leave(mark);
    },
    view(storage) {
      const held = storage as WasmStorage;
      return held.host ?? device.heap.view(held);
    },
    readSync,
    read: async (storage) => readSync(storage),
  } satisfies Storages;
};
