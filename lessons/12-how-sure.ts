// Lesson 12: how sure a test can be
// Ten minutes. Before it: lesson 7. You learn how to test a sentence about a mean, what a false alarm is and what it costs
// to make one rare, and you write a test that convicts a biased projector.
import { projectors, random } from 'floragrad';

// 1. "This projector is unbiased" says something of a mean over infinitely many draws, and a test sees some. Take one
// number of each draw, ⟨Ĝ, G⟩/‖G‖², which must be 1 in the mean, and look at how far the mean of N readings is from 1:
const G = random.normal(random.key(0), [8, 16]);
const size = await G.square().sum().item();

/** Readings of Gaussian projections that keep only a part of what comes up: all of it is right, and any less is a bias. */
function readings(kept: number, count: number): Promise<number[]> {
  const { gaussian } = projectors;
  const one = (i: number): Promise<number> => {
    const projection = gaussian.sample(random.fold(random.key(1), i), [8, 16], 4);
    const restored = gaussian.up(projection, gaussian.down(projection, G)).mul(kept);
    return restored.mul(G).sum().div(size).item();
  };
  return Promise.all(Array.from({ length: count }, (_, i) => one(i)));
}

/** The mean, and s, the standard deviation of one reading. */
function summary(numbers: readonly number[]): { mean: number; s: number } {
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const variance = numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / (numbers.length - 1);
  return { mean, s: Math.sqrt(variance) };
}

// 2. "Far" has a unit. The mean of N readings varies by s/√N, so look at
//
//     z = (mean − 1)/(s/√N)
//
// If the sentence is true, z is nearly a number from N(0, 1) for N in the hundreds, whatever one reading looks like. If it
// is false, z grows with √N. The first projector below is unbiased; the second keeps 0.9 of everything, which no eye would
// see in one draw:
for (const count of [100, 400, 1600]) {
  const zs = [1, 0.9].map(async (kept) => {
    const { mean, s } = summary(await readings(kept, count));
    return ((mean - 1) / (s / Math.sqrt(count))).toFixed(1);
  });
  console.log(`${count} readings: z = ${(await Promise.all(zs)).join(' and ')}`);
}
// prints
//   100 readings: z = 1.0 and -2.8
//   400 readings: z = 0.8 and -6.2
//   1600 readings: z = 0.7 and -13.4

// 3. From which |z| on should a test convict? Chance alone exceeds any threshold now and then: that is a *false alarm*, a
// test that fails although the code is right. Its chance α is yours to choose. For N(0, 1)
//
//     P(|z| ≥ t) ≤ 2·exp(−t²/2)         so t = √(2·ln(2/α)) alarms with chance α at most
for (const alpha of [0.05, 1e-3, 1e-6, 1e-9]) {
  console.log(`α = ${alpha}: convict from |z| = ${Math.sqrt(2 * Math.log(2 / alpha)).toFixed(1)}`);
}
// prints
//   α = 0.05: convict from |z| = 2.7
//   α = 0.001: convict from |z| = 3.9
//   α = 0.000001: convict from |z| = 5.4
//   α = 1e-9: convict from |z| = 6.5

// A suite of 500 such tests that runs ten times a day makes 5000 draws from that hat daily. At the 0.05 of the textbooks
// that would be up to 250 false alarms a day, and people would learn to press "run again". At 1e-9 it is one in five
// hundred years, and the price is small: a threshold of 6.5 in place of 2.7 takes (6.5/2.7)², six times the readings, to
// see the same bias.

// 4. What a test cannot say: a bias too small for its N passes. z is about bias·√N/s, so for a bias that is to be found N
// must be some (t + 3)²·s²/bias². And one reading looks in one direction: a bias across it is not seen, which is why
// `checkProjector` of floragrad/study takes random ones.

// Exercise. The test: from readings that should have the mean `expected`, say whether they convict. A sound projector must be
// convicted with a chance of at most `falseAlarm`, on either side, and a bias of many standard errors must not pass.
export function convicts(readings: readonly number[], expected: number, falseAlarm: number): boolean {
  throw new Error(
    `your turn: ${readings.length} readings against ${expected}, with at most ${falseAlarm} false alarms`,
  );
}
