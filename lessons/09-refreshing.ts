// Lesson 9: refreshing, and what becomes of the momentum
// Ten minutes. Before it: lesson 8. You learn what a new subspace is good for, that carrying the momentum to it can
// diverge, and you compute from which interval on it cannot.
import { applyUpdates, chain, compress, ema, projectors, random, scale, zeros } from 'floragrad';

// 1. A task that isolates the subspace: W [16, 16] is to become W*, of full rank, and the gradient is exact, G = W − W*.
// Without compression every step shrinks what is left by the same factor. With rank 2, an eighth, what is left after 800
// steps is up to the refreshes. First with the momentum started again from 0 at each (*reset*):
const target = random.normal(random.key(0), [16, 16]).div(4);
const total = await target.square().sum().item();

/** ‖W − W*‖²/‖W*‖² at the end. */
async function left(refreshEvery: number, onRefresh: 'reset' | 'transfer'): Promise<string> {
  const momentum = compress({
    projector: projectors.gaussian,
    rank: 2,
    inner: ema({ decay: 0.9 }),
    refreshEvery,
    onRefresh,
  });
  const descent = chain(momentum, scale(-0.03));
  const params = { w: zeros([16, 16]) };
  let state = descent.init(params);
  for (let t = 0; t < 800; t++) {
    const [updates, next] = descent.update({ w: params.w.sub(target) }, state, params);
    applyUpdates(params, updates);
    state = next;
  }
  const error = (await params.w.sub(target).square().sum().item()) / total;
  return error < 1e6 ? error.toPrecision(2) : 'diverged';
}

for (const every of [Infinity, 200, 50, 10]) console.log(`reset, every ${every} steps: ${await left(every, 'reset')}`);
// prints
//   reset, every Infinity steps: 0.91
//   reset, every 200 steps: 0.64
//   reset, every 50 steps: 0.14
//   reset, every 10 steps: 0.000076

// One subspace of rank 2 can learn 2 of 16 directions and no more. New ones reach all of them.

// 2. A reset throws the momentum away, β/(1 − β) = 9 gradients' worth. The paper carries it over (*transfer*): M ←
// M·A_old·A_newᵀ. That is unbiased, so it should be better still:
for (const every of [200, 50, 20, 10, 4])
  console.log(`transfer, every ${every} steps: ${await left(every, 'transfer')}`);
// prints
//   transfer, every 200 steps: 0.64
//   transfer, every 50 steps: 0.14
//   transfer, every 20 steps: 0.0093
//   transfer, every 10 steps: 7.8
//   transfer, every 4 steps: diverged

// (The library warns of the last two: their lines on the screen say from which interval on they are safe.)

// 3. Why? Lesson 7: a way down and up is unbiased, and its squared error is mse = (d + 1)/r. A transfer is one more such
// way for all that the momentum holds. Mean right and error added, the expected squared norm grows: E‖M'‖² = (1 +
// mse)·‖M‖². Between two transfers the momentum decays: κ steps multiply it, and not its square, by β each.
//
//     d = 16, r = 2: mse = 8.5, so a transfer multiplies the squared norm by 9.5
for (const every of [4, 10, 20]) {
  const factor = (1 + projectors.gaussian.theory(16, 2).relativeMse) * 0.9 ** (2 * every);
  console.log(`every ${every}: squared norm times ${factor.toFixed(2)} from refresh to refresh`);
}
// prints
//   every 4: squared norm times 4.09 from refresh to refresh
//   every 10: squared norm times 1.15 from refresh to refresh
//   every 20: squared norm times 0.14 from refresh to refresh

// A factor above 1 is growth without bound, whatever the gradients do, and even a factor below it adds noise. So a transfer
// wants long intervals, and a reset does well with short ones.

// Exercise. The shortest whole interval κ ≥ 1 at which the factor of part 3 is below 1, for an mse and a β in [0, 1).
export function leastInterval(mse: number, beta: number): number {
  throw new Error(`your turn: the least κ for an mse of ${mse} and β = ${beta}`);
}
