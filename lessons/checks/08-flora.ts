import { type Combine, compress, type EmaState, ema, fixedSide, projectors, type Tensor, tensor } from 'floragrad';
import type { algorithm2 } from '../08-flora';
import { requireTensor } from './not-yet';

/** Projections of a row of two numbers that are easy to compute with: the first number, and then the second. */
const projections = [
  [1, 0],
  [0, 1],
];

export async function check(exercise: typeof algorithm2): Promise<void> {
  await follows(exercise, { refreshEvery: Infinity, steps: 2 }, [
    [[4, 0], 'the first coordinate of the gradient, half of it, since M starts at 0 and β = 0.5'],
    [[6, 0], 'M moved on from the step before: return the leaf that `inner` gave, not the one that came in'],
  ]);
  // Reset: M is empty in the second projection, and the gradient of that very step goes through it.
  await follows(exercise, { refreshEvery: 1, steps: 2 }, [
    [[4, 0], 'the first coordinate of the gradient, half of it'],
    [
      [0, 2],
      'a refresh is due, so the gradient of this step goes down by the new projection and comes up by the new one',
    ],
  ]);
}

async function follows(
  exercise: Combine<EmaState>,
  { refreshEvery, steps }: { refreshEvery: number; steps: number },
  expected: readonly (readonly [numbers: readonly number[], hint: string])[],
): Promise<void> {
  const transform = compress({
    projector: fixedSide(projectors.explicit(projections.map((row) => tensor([row]))), 'right'),
    rank: 1,
    inner: ema({ decay: 0.5 }),
    refreshEvery,
    onRefresh: 'reset',
    combine: exercise,
    filter: () => true,
  });
  const params = { w: tensor([[0, 0]]) };
  let state = transform.init(params);
  for (let t = 0; t < steps; t++) {
    const [updates, next] = transform.update({ w: tensor([[8, 4]]) }, state, params);
    state = next;
    const [numbers, hint] = expected[t] as readonly [readonly number[], string];
    const given = `the gradient (8, 4) in step ${t}, projections (1, 0) and then (0, 1), a refresh every ${refreshEvery} steps`;
    await requireTensor(updates.w as Tensor, { given, numbers, shape: [1, 2], hint });
  }
}
