import type { Storages } from '../contract';
import { type ReferenceDevice, ReferenceStorage } from './device';

/** Storages are arrays that live where they are. */
export const storages = (device: ReferenceDevice) =>
  ({
    fromHost: (values) => new ReferenceStorage(values),
    alias(storage) {
      const { values, shared } = storage as ReferenceStorage;
      shared.users += 1;
      return new ReferenceStorage(values, shared);
    },
    free(storage) {
      const { values, shared } = storage as ReferenceStorage;
      if (--shared.users > 0) return;
      if (device.poisoned && shared.counted) values.fill(Number.NaN);
      device.count(storage, false);
    },
    collectable(storage) {
      device.count(storage, false);
    },
    resident(storage) {
      device.count(storage, true);
    },
    enter: () => 0,
    leave() {}, // nothing is cached
    view: (storage) => (storage as ReferenceStorage).values,
    readSync: (storage) => (storage as ReferenceStorage).values.slice(),
    read: async (storage) => (storage as ReferenceStorage).values.slice(),
  }) satisfies Storages;
