import { StateError } from '../../base/errors';
import { checkArgument, inMessage } from '../../base/options';
import type { Params } from '../../tensor/tensor';
import { observedAround } from '../observed-around';
import { type Given, type GradientTransform, type Treatment, transform, transformKind } from '../transform';

/** One transform for each state of a tuple. */
export type Parts<States extends readonly unknown[]> = { readonly [I in keyof States]: GradientTransform<States[I]> };

/**
 * One transform after the other: the updates of each are the gradients of the next. `chain()` is the identity.
 * The state is the tuple of the parts' states: `chain(a, b)` has state [A, B].
 * @example
 * const clippedAdam = chain(clipByGlobalNorm(1), scaleByAdam(), scale(-1e-3));
 * const [, { step }] = clippedAdam.init({ weight: ones([2]) });
 * console.log(step); // prints 0
 */
export function chain<States extends readonly unknown[]>(...parts: Parts<States>): GradientTransform<States> {
  // The tuple type holds position by position, which a loop cannot express: the only cast of states.
  const list = parts as readonly GradientTransform<unknown>[];
  list.forEach((part, i) => {
    checkArgument('chain', `part ${i + 1}`, transformKind, part);
  });
  return transform<States>({
    name: `chain(${list.map((part) => part.name ?? 'transform').join(', ')})`,
    linear: list.every((part) => part.linear === true),
    leafwise: list.every((part) => part.leafwise === true),
    ...(list.some(({ pool }) => pool) && { pool: poolThrough<States>(list) }),
    init: (params) => list.map((part) => part.init(params)) as unknown as States,
    update(grads, states, params) {
      checkParts(states, list.length);
      let updates = grads;
      const next = list.map((part, i) => {
        const [moved, state] = part.update(updates, states[i], params);
        updates = moved;
        return state;
      });
      return [updates, next as unknown as States];
    },
    explain: (params) => merge(list, params),
    ...observedAround(list, (seen) => chain<States>(...(seen as unknown as Parts<States>))),
  });
}

/** The same for several states at once: a part that pools takes all of them together, the others one after the other. */
function poolThrough<States extends readonly unknown[]>(parts: readonly GradientTransform<unknown>[]) {
  return (given: readonly Given<States>[], params: Params): [updates: Params, states: States][] => {
    let updates = given.map(([grads]) => grads);
    const next = parts.map((part, i) => {
      const own = updates.map((grads, k): Given<unknown> => [grads, given[k]?.[1][i]]);
      const moved = part.pool?.(own, params) ?? own.map(([grads, state]) => part.update(grads, state, params));
      updates = moved.map(([grads]) => grads);
      return moved.map(([, state]) => state);
    });
    return updates.map((grads, k) => [grads, next.map((states) => states[k]) as unknown as States]);
  };
}

/** @throws StateError `optimizer/state` */
function checkParts(states: unknown, parts: number): void {
  if (Array.isArray(states) && states.length === parts) return;
  throw new StateError({
    code: 'optimizer/state',
    got: `chain got ${Array.isArray(states) ? `${states.length} states` : `the state ${inMessage(states)}`} for ${parts} parts`,
    expected: 'one state for each part, as init returns them',
    fix: 'use the state of a chain of the same parts, or start with init(params)',
  });
}

/** One treatment a path: that of the part which compresses it, else the first that has something to say. */
function merge(parts: readonly GradientTransform<unknown>[], params: Params): Treatment[] {
  const merged = new Map<string, Treatment>();
  for (const treatment of parts.flatMap((part) => part.explain?.(params) ?? [])) {
    const known = merged.get(treatment.path);
    if (!known || (treatment.compressed && !known.compressed)) merged.set(treatment.path, treatment);
  }
  return [...merged.values()];
}
