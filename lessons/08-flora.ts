// Lesson 8: Flora from four moves
// Ten minutes. Before it: lessons 4 and 7. You learn how momentum lives in a random subspace, what a refresh does, and you
// write Algorithm 2 of the Flora paper.
import {
  type Combine,
  compress,
  type EmaState,
  ema,
  liftPlusRaw,
  projectors,
  random,
  stateBytes,
  type Tensor,
  zeros,
} from 'floragrad';

// 1. Momentum of a weight [n, m] is n·m numbers. Flora keeps it compressed, [n, r]. With G the gradient and A [r, m] a random
// projection (lesson 7), step by step:
//
//     M ← β·M + (1 − β)·G·Aᵀ       the moving mean, of compressed gradients
//     W ← W − η·M·A                lifted where it is used
//
// Since both lines are linear and E[AᵀA] = I, M·A is in expectation the moving mean of G itself.
const dense = ema({ decay: 0.9 });
const options = {
  projector: projectors.gaussian,
  rank: 4,
  inner: dense,
  refreshEvery: 20,
  onRefresh: 'transfer',
} as const;
const flora = compress(options);
const params = { weight: zeros([64, 32]) };
const bytes = [dense.init(params), flora.init(params)].map((state) => stateBytes(state));
console.log(`${bytes[0]} bytes, compressed ${bytes[1]}`); // prints 8192 bytes, compressed 1024

// The side with fewer numbers is the one that is compressed: 32 → 4 here, so M is [64, 4]. A itself is no state. It is
// drawn again from its key wherever it is needed.

// 2. With one A for good, all updates lie in the same r directions for ever. So every κ steps there is a *refresh*: a new
// A. The momentum was measured in the old one, and is carried over by M ← M·A_old·A_newᵀ: up by the old projection, down by
// the new. How much of a constant gradient is in the mean of all updates, as steps go on?
const G = random.normal(random.key(3), [64, 32]);
/** The sum of squares. */
const squares = (t: Tensor): Promise<number> => t.square().sum().item();
let state = flora.init(params);
let sum = zeros([64, 32]);
for (let t = 1; t <= 1000; t++) {
  const [updates, next] = flora.update({ weight: G }, state, params);
  state = next;
  sum = sum.add(updates.weight as Tensor);
  if ([1, 20, 100, 1000].includes(t)) {
    const cosine = (await sum.mul(G).sum().item()) / Math.sqrt((await squares(sum)) * (await squares(G)));
    console.log(`after step ${t}: cosine ${cosine.toFixed(2)}`);
  }
}
// prints
//   after step 1: cosine 0.32
//   after step 20: cosine 0.32
//   after step 100: cosine 0.41
//   after step 1000: cosine 0.77

// For twenty steps nothing changes: one projection shows the same four directions again. Then others join, and their errors
// cancel, slowly, because a momentum that was carried over brings the errors of the old projection along.

// 3. One step of one weight is four moves, which `compress` hands to a function that makes them in its order, a `Combine`:
//
//     leaf = refresh(leaf)           if κ steps have passed: a new A, and the momentum is carried to it; else the same leaf
//     C = down(leaf, G)              G·Aᵀ, with the A of this leaf
//     [M, leaf] = inner(leaf, C)     the transform inside (here a moving mean), and the leaf with its next state
//     U = up(leaf, C)                C·A, for any compressed C
//
// A leaf is plain data that holds A's key and the state; moves return a new one and change none. This is the order of the
// code that the authors published. It lifts the momentum of before this step, and lets the gradient at hand through
// uncompressed:
const published: Combine<EmaState> = (gradient, leaf, { refresh, down, inner, up }, path) => {
  const before = up(leaf, leaf.inner.mean[path] as Tensor);
  const update = gradient.mul(0.1).add(before.mul(0.9)); // (1 − β)·G + β·M·A
  const renewed = refresh(leaf, { ahead: 1 });
  const [, next] = inner(renewed, down(renewed, gradient));
  return [update, next];
};
/** The update of step 30, after one refresh. */
function updateBy(combine: Combine<EmaState>): Tensor {
  const order = compress({ ...options, combine });
  let [update, state] = [zeros([64, 32]), order.init(params)];
  for (let t = 0; t < 30; t++) {
    const [updates, next] = order.update({ weight: G }, state, params);
    [update, state] = [updates.weight as Tensor, next];
  }
  return update;
}
const off = updateBy(published)
  .sub(updateBy(liftPlusRaw(0.9)))
  .square()
  .sum()
  .div(G.square().sum());
console.log(`by hand against the library's: ${(await off.item()) < 1e-10}`); // prints by hand against the library's: true

// Exercise. The order of Algorithm 2 in the paper: refresh if due, take the gradient down, move the momentum, lift it.
// Return the update and the leaf after the step.
export const algorithm2: Combine<EmaState> = (gradient, leaf, moves, path) => {
  throw new Error(
    `your turn: ${Object.keys(moves).join(', ')} for ${path} [${gradient.shape}], ${leaf.refreshes} refreshes so far`,
  );
};
