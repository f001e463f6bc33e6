import { StateError } from '../../base/errors';
import { fold, key } from '../../base/key';
import type { Shape } from '../../base/shape';
import type { GradientTransform } from '../../optim/transform';
import { random } from '../../tensor/ops/random/random';
import type { Params } from '../../tensor/tensor';

/** What a law of transforms is tried on. Everything else is a function of it, so a case replays a finding. */
export interface TransformCase {
  /** The parameters: path → shape. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** The leaves that a thinned gradient has; the others are absent from it. */
  readonly present: readonly string[];
  /** Parameters whose paths mean something to the transform, so that they keep them. */
  readonly named?: readonly string[];
  /** How many gradients come before a run is interrupted. */
  readonly stop: number;
  readonly seed: number;
}

/** Paths that a careless record trips over, beside ordinary ones. */
export const oddPaths = [
  'a.b.0.c',
  '__proto__',
  'constructor',
  'toString',
  '0',
  '',
  'step',
  'mean',
  'inner',
  '["quoted"]/äß…',
];

export function paramsOf(given: TransformCase): Params {
  return normals(given, 'parameter', 0);
}

/** The gradient of one step, of all leaves. Different `run`s have unrelated gradients. */
function gradientOf(given: TransformCase, step: number, run = 'gradient'): Params {
  return normals(given, run, step);
}

/** The first `count` gradients of a run. */
export function gradientsOf(given: TransformCase, count: number, run?: string): Params[] {
  return Array.from({ length: count }, (_, step) => gradientOf(given, step, run));
}

function normals({ shapes, seed }: TransformCase, purpose: string, step: number): Params {
  return Object.fromEntries(
    Object.entries(shapes).map(([path, shape], i) => [path, random.normal(fold(key(seed), purpose, i, step), shape)]),
  );
}

/** Gradients through a transform, one after the other: the updates of each step, and the state after the last. */
export function run<S>(
  transform: GradientTransform<S>,
  params: Params,
  gradients: readonly Params[],
  start: S = transform.init(params),
): { outputs: Params[]; state: S } {
  let state = start;
  const outputs = gradients.map((grads) => {
    const [updates, next] = transform.update(grads, state, params);
    state = next;
    return updates;
  });
  return { outputs, state };
}

/**
 * Gradients that a transform takes until all that it updates is updated at once: 1, or the length of a cycle if it
 * accumulates. A leaf that never gets an update is frozen and does not count.
 * @throws StateError `study/contract` if no update comes
 */
export function cycleOf<S>(transform: GradientTransform<S>, given: TransformCase): number {
  const params = paramsOf(given);
  const all = Object.keys(params).length;
  let state = transform.init(params);
  let [most, cycle] = [0, 0];
  for (let step = 1; step <= longestCycle && most < all; step++) {
    const [updates, next] = transform.update(gradientOf(given, step), state, params);
    const count = Object.keys(updates).length;
    if (count > most) [most, cycle] = [count, step];
    state = next;
  }
  if (cycle > 0) return cycle;
  throw new StateError({
    code: 'study/contract',
    got: `the transform returned no update for ${longestCycle} gradients in a row`,
    expected: 'updates at least at the end of a cycle',
    fix: 'return an update for each gradient; an absent leaf means that the parameter stays as it is',
  });
}

const longestCycle = 64;
