import { OptionError } from '../../base/errors';
import type { Params } from '../../tensor/tensor';
import { divide } from '../combinators/divide';
import { type FactorPair, factorPairs } from '../factor-pairs';
import { type GradientTransform, transform } from '../transform';

/** The state of a method of pairs of factors. */
export interface BesideState<S, R> {
  /** What it keeps for the factors. */
  readonly pairs: S;
  /** What the parameters that belong to no pair get, keeps for these. */
  readonly rest: R;
}

/** What every part that moves pairs keeps. */
export interface PairMoments {
  /** M, a mean of gradients for each factor that it moves, by path. */
  readonly mean: Params;
}

/**
 * One transform for the factors of which both are trained, and another one for everything else. Which these are is settled
 * by the parameters that `init` gets, and then by the state: later records may have frozen parameters too.
 * @throws OptionError `pairs/none`
 */
export function beside<S extends PairMoments, R>(
  name: string,
  pairs: GradientTransform<S>,
  rest: GradientTransform<R>,
): GradientTransform<BesideState<S, R>> {
  return transform<BesideState<S, R>>({
    name,
    init(params) {
      const factors = new Set(pairsIn(name, params).flatMap(({ A, B }) => [A, B]));
      const [inside, outside] = divide(params, (path) => factors.has(path));
      return { pairs: pairs.init(inside), rest: rest.init(outside) };
    },
    update(grads, state, params) {
      const [inside, outside] = factorsFirst(grads, state.pairs);
      const [factors, others] = factorsFirst(params, state.pairs);
      const [moved, after] = pairs.update(inside, state.pairs, factors);
      const [updates, next] = rest.update(outside, state.rest, others);
      return [
        { ...moved, ...updates },
        { pairs: after, rest: next },
      ];
    },
  });
}

/** The leaves of the factors that a state is of, and the others. */
export function factorsFirst(leaves: Params, { mean }: PairMoments): [inside: Params, outside: Params] {
  return divide(leaves, (path) => Object.hasOwn(mean, path));
}

/** The pairs of a record that must have some. @throws OptionError `pairs/none` */
export function pairsIn(where: string, params: Params): FactorPair[] {
  const pairs = factorPairs(params);
  if (pairs.length === 0) throw noPairs(where, params);
  return pairs;
}

export function noPairs(where: string, params: Params): OptionError {
  const paths = Object.keys(params);
  return new OptionError({
    code: 'pairs/none',
    got: `${where} got ${paths.slice(0, 3).join(', ') || 'no parameters'}${paths.length > 3 ? ', …' : ''}`,
    expected: 'the two factors of an adapter, ….lora.A and ….lora.B, both trained',
    fix: 'attach adapters first, such as lora(model, { rank: 8 }), or take adamw',
  });
}
