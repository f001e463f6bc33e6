import { projectors, random, scope } from 'floragrad';
import type { convicts } from '../12-how-sure';
import { require } from './not-yet';

const [trials, count] = [2000, 200];

export async function check(exercise: typeof convicts): Promise<void> {
  const normal = await random.normal(random.key(21), [trials, count]).array(2);
  /** How many of the trials convict, where readings have mean `mean` and standard deviation 3. */
  const convicted = (mean: number, expected: number, falseAlarm: number): number =>
    normal.filter((row) =>
      exercise(
        row.map((x) => mean + 3 * x),
        expected,
        falseAlarm,
      ),
    ).length;

  // Of 2000 sound trials at 0.05 up to 100 may convict; by chance 100 ± 10 do, and more than 160 once in 10⁹ runs.
  for (const [falseAlarm, most] of [
    [0.05, 160],
    [0.001, 13],
    [1e-9, 0],
  ] as const) {
    const found = convicted(7, 7, falseAlarm);
    require(found <= most, () => ({
      given: `${trials} sets of ${count} readings of mean 7, which is right, and falseAlarm = ${falseAlarm}`,
      expected: `at most ${most} convictions: ${falseAlarm * trials} may be, and the rest is for chance`,
      got: String(found),
      hint: 'the threshold for |z| must grow as falseAlarm falls, and z must be in units of s/√N',
    }));
  }
  // A bias of 3·s/√N·… : 10 standard errors, that is 10·3/√200 = 2.12.
  for (const bias of [-2.12, 2.12]) {
    const found = convicted(7 + bias, 7, 1e-6);
    require(found >= 0.99 * trials, () => ({
      given: `${trials} sets of ${count} readings that are ${bias} off, ten standard errors, and falseAlarm = 1e-6`,
      expected: 'a conviction of nearly all',
      got: `${found}`,
      hint:
        bias < 0
          ? 'readings that are too low convict too: take the absolute value of z; and the mean varies by s/√N, not by s'
          : 'the mean of N readings varies by s/√N, not by s',
    }));
  }
  judges(exercise);
}

/** The exercise on real projectors: one that is unbiased, and one that forgets the factor d/r. */
function judges(exercise: typeof convicts): void {
  const G = random.normal(random.key(3), [4, 8]);
  const size = scope(() => G.square().sum().dataSync()[0] as number);
  for (const [projector, biased] of [
    [projectors.gaussian, false],
    [projectors.haarUnscaled, true],
  ] as const) {
    const readings = Array.from({ length: 400 }, (_, i) =>
      scope(() => {
        const projection = projector.sample(random.fold(random.key(4), i), [4, 8], 2);
        return (projector.up(projection, projector.down(projection, G)).mul(G).sum().dataSync()[0] as number) / size;
      }),
    );
    require(exercise(readings, 1, 1e-6) === biased, () => ({
      given: `400 readings of ${projector.name}, which is ${biased ? 'biased' : 'unbiased'}`,
      expected: biased ? 'a conviction' : 'none',
      got: biased ? 'none' : 'one',
      hint: 'return true to convict, and false where chance explains the readings',
    }));
  }
}
