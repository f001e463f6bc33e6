import type { Key, RefreshContext } from '../../src/index';

/** What a projector gets at the first gradient of a parameter, for this key. */
export function firstRefresh(key: Key): RefreshContext {
  return { key, first: true, step: 0, turn: 0, inner: undefined, path: 'w' };
}
