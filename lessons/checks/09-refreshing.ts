import type { leastInterval } from '../09-refreshing';
import { require } from './not-yet';

/** By hand: (1 + 3)·(1/2)^(2κ) is 1 at κ = 1 exactly, and a quarter at 2. */
const byHand = { mse: 3, beta: 0.5, interval: 2 };
const cases = [
  { mse: 8.5, beta: 0.9 },
  { mse: 4.125, beta: 0.9 },
  { mse: 32.125, beta: 0.9 },
  { mse: 32.125, beta: 0.99 },
  { mse: 1e-3, beta: 0.9 },
  { mse: 4.125, beta: 0.1 },
  { mse: 4.125, beta: 0 },
];

export async function check(exercise: typeof leastInterval): Promise<void> {
  for (const { mse, beta } of cases) {
    const found = exercise(mse, beta);
    const factor = growth(mse, beta, found);
    const given = `mse = ${mse} and β = ${beta}`;
    require(Number.isInteger(found) && found >= 1, () => ({
      given,
      expected: 'a whole number of steps, at least 1',
      got: String(found),
      hint: 'κ counts steps: round up to the next whole number',
    }));
    require(factor < 1, () => ({
      given,
      expected: 'an interval that is stable',
      got: `${found}, at which the squared norm grows ${factor.toPrecision(3)}-fold from refresh to refresh`,
      hint: 'κ steps multiply the momentum by β^κ, so its square by β^(2κ): solve (1 + mse)·β^(2κ) < 1 for κ, and round up',
    }));
    require(found === 1 || growth(mse, beta, found - 1) >= 1, () => ({
      given,
      expected: 'the shortest interval that is stable',
      got: `${found}, and ${found - 1} is stable too: there the factor is ${growth(mse, beta, found - 1).toPrecision(3)}`,
      hint: 'κ steps multiply the squared norm by β^(2κ), not β^κ',
    }));
  }
  const found = exercise(byHand.mse, byHand.beta);
  require(found === byHand.interval, () => ({
    given: `mse = ${byHand.mse} and β = ${byHand.beta}`,
    expected: `${byHand.interval}: at κ = 1 the factor is 4·(1/2)² = 1, and 1 is not below 1`,
    got: String(found),
    hint: 'where the bound is a whole number itself, the next one is meant',
  }));
}

/** The factor from refresh to refresh, step by step. */
function growth(mse: number, beta: number, interval: number): number {
  let factor = 1 + mse;
  for (let step = 0; step < interval; step++) factor *= beta * beta;
  return factor;
}
