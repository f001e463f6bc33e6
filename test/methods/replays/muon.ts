import { linalg, muon, type OrthogonalizeOptions } from '../../../src/index';
import { followMatrix, type Matrix, matrix, type Recorded, type Replay, unit } from '../replay';

/** The record has the defaults of the program, which are ours. */
const make = (changed: Partial<Parameters<typeof muon>[0]> = {}) => muon({ learningRate: 0.02, ...changed });

/** The table of one matrix after 1, 3, 5 and 10 steps. */
function tableOf(one: Recorded, changed: OrthogonalizeOptions = {}) {
  const { input, outputs } = one as unknown as { input: Matrix; outputs: Readonly<Record<string, Matrix>> };
  const counts = Object.keys(outputs).map(Number);
  const differences = counts.map((steps) => {
    const found = linalg.orthogonalize(matrix(input), { steps, ...changed }).dataSync();
    return Math.max(...Array.from(found, (x, i) => Math.abs(x - (outputs[steps]?.data[i] as number))));
  });
  // A chain of fewer than 64 roundings at entries below 1, as in a step of a weight; from the fifth on each step may stretch
  // an error by 1.6, the largest slope of the quintic within [0.68, 1.14]. The record has nine digits.
  const limits = counts.map((steps) => 64 * unit * 1.6 ** Math.max(0, steps - 5) + 5e-9);
  return { differences, limits, states: [[], []] };
}

export const muonReplays: readonly Replay[] = [
  ...['exact-wide', 'exact-square'].map((name) => ({
    file: 'muon',
    name,
    follow: (one: Recorded) => followMatrix(one, make()),
    unlike: (one: Recorded) => followMatrix(one, make({ nesterov: false })),
  })),
  {
    // Rounded to bfloat16 in every product, relative 2^−9 each time, where ours is float32: its own distance from exact
    // arithmetic is up to 8e-3 after eight steps, and 2e-2 leaves room for the order of its sums.
    file: 'muon',
    name: 'bfloat16-wide',
    follow: (one) => ({ ...followMatrix(one, make()), limits: one.weights.map(() => 2e-2) }),
  },
  {
    file: 'muon',
    name: 'quintic',
    follow: (one) => tableOf(one),
    unlike: (one) => tableOf(one, { coefficients: [1.5, -0.5, 0] }),
  },
];
