import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/**
 * Puts together what several updates of different leaves, each from the same state, have made of it: each adds what
 * differs from that state. Its cost for a leaf is a look at the state's branches, not a copy of them.
 */
export class StateMerge<S> {
  /** The state after all updates so far. */
  state: S;
  /** Records and lists that were copied from `before` and are ours to change. */
  private readonly drafts = new Set<unknown>();

  /** @param write gives the tensor that stands for one that differs; its place is made of keys, each after a slash */
  constructor(
    private readonly before: S,
    private readonly write: (tensor: Tensor, place: string) => Tensor = (tensor) => tensor,
  ) {
    this.state = before;
  }

  /** The outcome of one more update from the state before all of them. */
  add(next: S): void {
    this.state = this.merge(this.before, this.state, next, '') as S;
  }

  private merge(before: unknown, current: unknown, next: unknown, place: string): unknown {
    if (next === before) return current;
    if (isTensor(next)) return isTensor(before) && before.value === next.value ? current : this.write(next, place);
    if (!isBranch(next)) return next;
    const alike = isBranch(before) && isBranch(current) && Array.isArray(before) === Array.isArray(next);
    const draft = this.draftOf(alike ? current : ((Array.isArray(next) ? [] : {}) as Branch));
    let matched = 0;
    for (const name of Object.keys(next)) {
      const value = next[name];
      const known = alike && Object.hasOwn(before, name); // a path may be 'constructor', which records inherit
      if (known) matched++;
      const old = known ? before[name] : undefined;
      if (known && value === old) continue;
      put(draft, name, this.merge(old, own(draft, name), value, `${place}/${name}`));
    }
    if (alike && matched < Object.keys(before).length) drop(draft, before, next);
    return draft;
  }

  private draftOf(branch: Branch): Branch {
    if (this.drafts.has(branch)) return branch;
    const draft = (Array.isArray(branch) ? [...branch] : { ...branch }) as Branch;
    this.drafts.add(draft);
    return draft;
  }
}

type Branch = Record<string, unknown>;

function isBranch(x: unknown): x is Branch {
  return typeof x === 'object' && x !== null && !isTensor(x) && !ArrayBuffer.isView(x);
}

function own(branch: Branch, name: string): unknown {
  return Object.hasOwn(branch, name) ? branch[name] : undefined;
}

/** Sets a property, also one called '__proto__', for which an assignment would set the prototype. */
function put(branch: Branch, name: string, value: unknown): void {
  Object.defineProperty(branch, name, { value, writable: true, enumerable: true, configurable: true });
}

/** This update left out some of what was there. */
function drop(draft: Branch, before: Branch, next: Branch): void {
  for (const name of Object.keys(before)) if (!Object.hasOwn(next, name)) delete draft[name];
  if (Array.isArray(draft)) draft.length = Object.keys(next).length;
}
