import { type GradientTransform, tensor } from 'floragrad';
import type { adamDirection, Moments } from '../05-adam';
import { requireTensor } from './not-yet';

const numbers = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

export async function check(exercise: typeof adamDirection): Promise<void> {
  const adam = exercise(numbers);
  await follows(
    adam,
    [3, 3, 3, 3, 3],
    [1, 1, 1, 1, 1],
    'divide m by 1 − β₁^t and v by 1 − β₂^t, with t = 1 in the first step: then equal gradients give 1 from the start',
  );
  await follows(
    adam,
    [-1e-5, -1e-5],
    [-1, -1],
    'ε is added to the root, not under it: gradients of 1e-5 are large beside 1e-8',
    2e-3,
  );
  // 2, then −2: m/(1 − β₁²) = 2·(0.09 − 0.1)/0.19 and √v = 2.
  await follows(
    adam,
    [2, -2],
    [1, -0.01 / 0.19],
    'v is the moving mean of squares, which does not see the sign; the update is m over its root',
  );
  const params = { w: tensor([0]), b: tensor([0]) };
  const [, first] = adam.update({ w: tensor([1]), b: tensor([1]) }, adam.init(params), params);
  const [, second] = adam.update({ b: tensor([1]) }, first, params);
  const [updates] = adam.update({ w: tensor([1]) }, second, params);
  // Two gradients of 1 that count as steps 1 and 3: (0.9·0.1 + 0.1)/(1 − 0.9³) over √((0.999·0.001 + 0.001)/(1 − 0.999³)).
  await requireTensor(updates.w, {
    given: 'a step for w and b, one for b alone, and one for w alone, all gradients 1',
    numbers: [0.19 / 0.271 / Math.sqrt(0.001999 / 0.002997001)],
    shape: [1],
    hint: 'in the step without w its m and v stay as they are, and the count of steps goes on',
  });
}

/** One parameter, a gradient in each step, and what the updates must be. */
async function follows(
  adam: GradientTransform<Moments>,
  gradients: readonly number[],
  expected: readonly number[],
  hint: string,
  tolerance = 1e-3,
): Promise<void> {
  const params = { w: tensor([0]) };
  let state = adam.init(params);
  for (const [t, g] of gradients.entries()) {
    const [updates, next] = adam.update({ w: tensor([g]) }, state, params);
    state = next;
    const given = `the gradients ${gradients.slice(0, t + 1).join(', ')}, and asked for the update of step ${t + 1}`;
    await requireTensor(updates.w, { given, numbers: [expected[t] as number], shape: [1], hint, tolerance });
  }
}
