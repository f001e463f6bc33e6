import { checkArgument, refuseExtra } from '../base/options';
import type { Shape } from '../base/shape';
import { noGrad } from '../tensor/derivatives/no-grad';
import type { Params } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import { stateBytes } from './state-bytes';
import { checkLeaves, type GradientTransform, type Treatment, transformKind } from './transform';

/** What a transform does with one parameter, and what it keeps for it. */
export interface Explanation extends Treatment {
  /** The parameter's shape. */
  readonly shape: Shape;
  /** Bytes of state, measured on a fresh state. */
  readonly bytes: number;
}

/** One row for each parameter: compressed or not and why, and the bytes of state that it costs. */
export function explain<S>(transform: GradientTransform<S>, params: Params): Explanation[] {
  if (arguments.length > 2) refuseExtra('explain', arguments, 2);
  checkArgument('explain', 'transform', transformKind, transform);
  checkLeaves('explain', 'params', params);
  const treatments = new Map(transform.explain?.(params).map((treatment) => [treatment.path, treatment]));
  const bytes = noGrad(() => bytesByPath(transform.init(params), params));
  return Object.entries(params).map(([path, { shape }]) => ({
    ...(treatments.get(path) ?? { path, compressed: false, side: null, rank: null, reason: 'dense' }),
    shape,
    bytes: bytes.get(path) ?? 0,
  }));
}

/**
 * Add up what a state keeps under keys that are paths of parameters; the innermost one counts, since a parameter may
 * have the name of a field of the state.
 */
function bytesByPath(state: unknown, params: Params, owner?: string, bytes = new Map<string, number>()) {
  if (isTensor(state)) {
    if (owner !== undefined) bytes.set(owner, (bytes.get(owner) ?? 0) + stateBytes(state));
  } else if (typeof state === 'object' && state !== null) {
    for (const [name, branch] of Object.entries(state)) {
      bytesByPath(branch, params, Object.hasOwn(params, name) ? name : owner, bytes);
    }
  }
  return bytes;
}
