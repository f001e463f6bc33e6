import { expect, it } from 'vitest';
import { fold } from '../../../src/base/key';
import { projectors, random, scope, tensor } from '../../../src/index';
import { effectiveNoise, gradientConflicts, MeanTest } from '../../../src/study';

// Each test of a mean calls a right one wrong with chance at most 1e-9, from the variance that is derived beside it.
const falseAlarm = 1e-9;
const [r, d] = [4, 8];

/** Draws until the case is clear: the mean of the samples is the expected one, or off by a quarter of `size`. */
function expectMean(expected: number, variance: number, size: number, sample: (draw: number) => number): void {
  const test = new MeanTest({ expected, variance, effect: size / 4, falseAlarm, power: 0.999 });
  for (let draw = 0; test.verdict === null; draw++) test.add(sample(draw));
  expect(test.verdict, `mean ${test.mean} of ${test.draws}, expected ${expected}`).toBe('acquitted');
}

/** e = AᵀA·g − g of a fresh A, along a unit vector. */
function noiseAlong(g: readonly number[], u: readonly number[]): (draw: number) => number {
  const G = tensor([[...g]]);
  const right = { ...projectors.gaussian, side: () => 'right' as const };
  return (draw) => {
    const A = right.sample(fold(random.key(7), draw), [1, d], r);
    const back = scope(() => right.up(A, right.down(A, G))).dataSync();
    return u.reduce((sum, x, i) => sum + x * ((back[i] as number) - (g[i] as number)), 0);
  };
}
const axis = (i: number, size = 1): number[] => Array.from({ length: d }, (_, j) => (i === j ? size : 0));

it('is ‖g‖/√r for each row', async () => {
  const rows = await effectiveNoise(
    tensor([
      [3, 4, 0],
      [0, 0, 0],
      [1, 2, 2],
    ]),
    { rank: 9 },
  );
  [5 / 3, 0, 1].forEach((expected, i) => {
    expect(rows[i]).toBeCloseTo(expected, 12);
  });
  await expect(effectiveNoise(tensor([[1]]), { rank: 0 })).rejects.toThrow(/options\/range.*rank/);
});

// For orthogonal unit vectors g, u: ⟨e, u⟩ = ⟨Ag, Au⟩ = Σ aₖbₖ/r with independent N(0, 1), whose fourth moment is 3(r + 2)/r³.
// Along g itself it is χ²_r/r − 1, with fourth central moment 12(r + 4)/r³.
it('squared is the variance of the noise across g, and half that along g, in simulation', async () => {
  const g = axis(2, 3);
  const [noise = 0] = await effectiveNoise(tensor([g]), { rank: r });
  const across = noiseAlong(g, axis(5));
  expectMean(noise ** 2, 81 * (3 * (r + 2) * r ** -3 - r ** -2), noise ** 2, (draw) => across(draw) ** 2);
  const along = noiseAlong(g, axis(2));
  const expected = 2 * noise ** 2;
  expectMean(expected, 81 * (12 * (r + 4) * r ** -3 - 4 * r ** -2), expected, (draw) => along(draw) ** 2);
  expectMean(0, expected, 4 * noise, along);
});

it('and the products of compressed gradients are unbiased, of variance (‖g‖²‖h‖² + ⟨g, h⟩²)/r', async () => {
  const [g, h] = [axis(0), axis(0).map((x, i) => (i === 1 ? 0.6 : 0.8 * x))]; // unit vectors, ⟨g, h⟩ = 0.8
  const rho = 0.8;
  const values: number[] = [];
  // Left of a column, the projection compresses its d entries.
  const column = (x: readonly number[]) => ({ w: tensor(x.map((value) => [value, 0, 0, 0])) });
  const all = await Promise.all(
    Array.from({ length: 4000 }, (_, seed) =>
      gradientConflicts([column(g), column(h)], {
        projector: { ...projectors.gaussian, side: () => 'left' },
        rank: r,
        seed,
      }),
    ),
  );
  for (const { products } of all) values.push(products[0]?.[1] as number);
  const at = (draw: number): number => values[draw] as number;
  const variance = (1 + rho ** 2) / r;
  expectMean(rho, variance, 1, at);
  // Cumulants of a product of normals of correlation ρ: κ₂ = 1 + ρ², κ₄ = 3((1 + ρ)⁴ + (1 − ρ)⁴).
  const fourth = (3 * ((1 + rho) ** 4 + (1 - rho) ** 4)) / r ** 3;
  expectMean(variance, fourth + 2 * variance ** 2, 2 * variance, (draw) => (at(draw) - rho) ** 2);
});
