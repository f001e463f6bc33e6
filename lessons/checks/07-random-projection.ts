import { random, scope, type Tensor } from 'floragrad';
import type { downAndUp } from '../07-random-projection';
import { numbersOf, require } from './not-yet';

const [n, d, rank, draws] = [4, 12, 3, 3000];
const given = `a random gradient [${n}, ${d}] at rank ${rank}`;

export async function check(exercise: typeof downAndUp): Promise<void> {
  const G = random.normal(random.key(5), [n, d]);
  const keyOf = (draw: number) => random.fold(random.key(6), draw);
  const { compressed, restored } = exercise(keyOf(0), G, rank);
  await numbersOf(compressed, { given, shape: [n, rank], hint: 'C = G·Aᵀ with A [r, d]: { transposeB: true }' });
  const once = await numbersOf(restored, { given, shape: [n, d], hint: 'Ĝ = C·A' });
  const again = await numbersOf(exercise(keyOf(0), G, rank).restored, { given, shape: [n, d], hint: 'Ĝ = C·A' });
  require(`${once}` === `${again}`, () => ({
    given: 'the same key twice',
    expected: 'the same numbers',
    got: 'others',
    hint: 'draw A from the key that is given, and from nothing else',
  }));

  const { error, along } = await measured(exercise, G, keyOf);
  // ⟨Ĝ, G⟩/‖G‖² is 1 in the mean. One draw varies by less than the error below, so the mean of 3000 by less than √(4.33/3000) =
  // 0.038: five times that is off by chance once in a million, and the keys are always the same.
  require(Math.abs(along - 1) < 0.19, () => ({
    given: `${draws} draws`,
    expected: 'a mean of Ĝ that is G: ⟨Ĝ, G⟩/‖G‖² = 1',
    got: along.toPrecision(3),
    hint: 'E[AᵀA] is r times the variance of an entry, on the diagonal: entries need variance 1/r, a factor 1/√r',
  }));
  const theory = (d + 1) / rank;
  require(Math.abs(error / theory - 1) < 0.2, () => ({
    given: `${draws} draws`,
    expected: `the mean squared error (d + 1)/r = ${theory.toFixed(2)}`,
    got: error.toPrecision(3),
    hint: 'every key needs an A of its own, with independent normal entries',
  }));
}

/** ‖Ĝ − G‖²/‖G‖², a mean over draws, and ⟨mean of Ĝ, G⟩/‖G‖². */
async function measured(
  exercise: typeof downAndUp,
  G: Tensor,
  keyOf: (draw: number) => Parameters<typeof downAndUp>[0],
): Promise<{ error: number; along: number }> {
  const gradient = [...(await G.data())];
  const size = gradient.reduce((sum, x) => sum + x * x, 0);
  const totals = { error: 0, along: 0 };
  for (let draw = 1; draw <= draws; draw++) {
    const found = scope(() => exercise(keyOf(draw), G, rank).restored.dataSync());
    for (const [i, x] of found.entries()) {
      const g = gradient[i] as number;
      totals.error += (x - g) ** 2;
      totals.along += x * g;
    }
  }
  return { error: totals.error / size / draws, along: totals.along / size / draws };
}
