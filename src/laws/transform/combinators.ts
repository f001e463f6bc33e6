import { chain } from '../../optim/combinators/chain';
import { masked } from '../../optim/combinators/masked';
import { partition } from '../../optim/combinators/partition';
import type { GradientTransform } from '../../optim/transform';
import { yesOrNo } from '../finding';
import { cycleOf, gradientsOf, paramsOf, run, type TransformCase } from './case';
import { sameBits, type TransformLaw } from './law';

const all = 'all';

/** chain(t) is t; its state is [state]. */
export const chained: TransformLaw = {
  name: 'is the same in a chain of one',
  find: (make, given) => equivalent(make, chain(make()), ([state]) => state, given),
};

/** masked(t, all) is t. */
export const maskedAll: TransformLaw = {
  name: 'is the same behind a mask that lets all leaves in',
  find(make, given) {
    const wrapped = masked(make(), () => true);
    return equivalent(make, wrapped, (state) => state, given);
  },
};

/** partition({ all: t }, all) is t; its state is { all: state }. */
export const oneLabel: TransformLaw = {
  name: 'is the same in a partition with one label',
  find(make, given) {
    const wrapped = partition({ [all]: make() }, () => all);
    return equivalent(make, wrapped, (state) => state[all], given);
  },
};

/** Updates and state agree bit for bit over two cycles and a step. */
async function equivalent<S, T>(
  make: () => GradientTransform<S>,
  wrapped: GradientTransform<T>,
  unwrap: (state: T) => S,
  given: TransformCase,
) {
  const transform = make();
  const params = paramsOf(given);
  const gradients = gradientsOf(given, 2 * cycleOf(transform, given) + 1);
  const [plain, other] = [run(transform, params, gradients), run(wrapped, params, gradients)];
  const wrong = await sameBits(
    { updates: plain.outputs, state: plain.state },
    { updates: other.outputs, state: unwrap(other.state) },
    `alone and as ${wrapped.name}`,
  );
  return yesOrNo(wrong, `equal bits over ${gradients.length} gradients`);
}
