import { describe, expect, it } from 'vitest';
import { add, matmul, type Projector, projectors, random, type Tensor, tensor, zeros } from '../../../../src/index';
import { type BiasRow, questions } from '../../../../src/study';

const gradient = tensor([1, 2, -1, 0.5, 3, -2], { shape: [3, 2] });
const gradients = [{ name: 'mine', gradient }];

/** Keeps all, and adds G·K with a skew K of norm 0.5·√2: ⟨Ĝ, G⟩ is that of G, and ‖GK‖ = ‖G‖/2. */
const skewed = {
  ...projectors.haar,
  name: 'skewed',
  down: (_: unknown, g: Tensor) => g,
  up: (_: unknown, c: Tensor) => add(c, matmul(c, tensor([0, 0.5, -0.5, 0], { shape: [2, 2] }))),
  theory: () => ({ gain: 1, relativeMse: 0.25, readingVariance: () => 0 }),
} as unknown as Projector;

const testsOf = (row: BiasRow | undefined) => new Map(row?.tests.map((test) => [test.direction, test]));

describe('questions.bias', () => {
  it('convicts a skew bias along the direction that it found, in as many draws as by hand', async () => {
    const { rows } = await questions.bias.ask({ gradients, projectors: [skewed], ranks: [1, 2], seed: 4 });
    expect(rows.map(({ verdict }) => verdict)).toEqual(['convicted', 'convicted']);
    const tests = testsOf(rows[0]);
    // One of 2·5 tests: ln(4·10·10⁹) = 24.41. A draw that is off by 5 effects: ln(1 + 2.5 + 3.125) − 1/8 = 1.766.
    expect(tests.get('most off')).toMatchObject({ verdict: 'convicted', draws: 14, effect: 0.1, approximate: false });
    expect(tests.get('most off')?.threshold).toBeCloseTo(24.412145, 5);
    expect(tests.get('most off')?.mean).toBeCloseTo(0.5, 6);
    expect(tests.get('most off')?.expected).toBeCloseTo(0, 6);
    expect(tests.get('gradient')).toMatchObject({ verdict: 'acquitted' });
    expect(tests.get('gradient')?.mean).toBeCloseTo(1, 6);
    expect(rows[0]?.falseAlarm).toBeCloseTo(0.5e-9, 15);
    expect(questions.bias.spec.verdict?.(rows)).toBe(
      '2 of 2 are convicted of a bias that they do not declare: skewed.',
    );
  });

  it('reads along random directions, each of its own', async () => {
    const { rows } = await questions.bias.ask({ gradients, projectors: [skewed], ranks: [1], directions: 2, seed: 4 });
    const tests = testsOf(rows[0]);
    expect([...tests.keys()]).toEqual(['gradient', 'most off', 'random 1', 'random 2']);
    const g = Array.from(gradient.dataSync());
    const size = Math.hypot(...g);
    for (const i of [1, 2]) {
      const w = Array.from(random.normal(random.fold(random.key(4), 'direction', i), [3, 2]).dataSync());
      const dot = (a: readonly number[]) => a.reduce((sum, x, at) => sum + x * (w[at] as number), 0) / Math.hypot(...w);
      const off = [0, 1, 2].flatMap((row) => [-0.5 * (g[2 * row + 1] as number), 0.5 * (g[2 * row] as number)]);
      expect(tests.get(`random ${i}`)?.expected).toBeCloseTo(dot(g) / size, 6);
      expect(tests.get(`random ${i}`)?.mean).toBeCloseTo(dot(g.map((x, at) => x + (off[at] as number))) / size, 6);
    }
  });

  // False alarms: 10⁻⁹ for each call, by the promise that is tested; a conviction is missed with chance 10⁻³ at most.
  it('acquits unbiased projectors and a factor that is declared, and convicts one that is not', async () => {
    const { haar, haarUnscaled, gaussian } = projectors;
    const undeclared = { ...haarUnscaled, name: 'undeclared', theory: haar.theory } as Projector;
    const wide = [{ name: 'wide', gradient: random.normal(random.key(3), [4, 6]) }];
    const { rows, figures } = await questions.bias.ask({
      gradients: wide,
      projectors: [gaussian, haarUnscaled, undeclared],
      ranks: [2],
      effect: 0.3,
    });
    expect(rows.map(({ verdict }) => verdict)).toEqual(['acquitted', 'acquitted', 'convicted']);
    expect(rows.map(({ side }) => side)).toEqual(['left', 'left', 'left']);
    expect(testsOf(rows[1]).get('gradient')?.expected).toBeCloseTo(0.5, 6);
    expect(testsOf(rows[1]).get('gradient')?.effect).toBeCloseTo(0.15, 9);
    expect(figures.map(({ name }) => name)).toEqual(['bias-wide']);
  });

  it('counts a declared bias as none, and has nothing to say against zeros', async () => {
    const zero = [{ name: 'zero', gradient: zeros([3, 2]) }];
    const { rows } = await questions.bias.ask({
      gradients: zero,
      projectors: [projectors.svd, projectors.haar],
      ranks: [1],
    });
    expect(rows[0]).toMatchObject({ verdict: 'declared', gain: null, tests: [], falseAlarm: 0 });
    expect(rows[1]).toMatchObject({ verdict: 'acquitted' });
    expect(rows[1]?.tests.map(({ direction, mean }) => [direction, mean])).toEqual(
      [1, 2, 3].map((i) => [`random ${i}`, 0]),
    );
    expect(questions.bias.spec.verdict?.(rows)).toBe(
      'No projection here is convicted of a bias that it does not declare. 1 of 2 are biased by design, and say so.',
    );
    expect(questions.bias.spec.table(rows).lines[0]).toEqual([
      'svd',
      'zero',
      'right',
      '1',
      'declared',
      '',
      '',
      '',
      '',
      '',
    ]);
  });

  it('says where the variance is measured, with the margin for it', async () => {
    const silent = { ...projectors.haar, theory: () => ({ gain: 1, relativeMse: 1 }) } as Projector;
    const { rows } = await questions.bias.ask({ gradients, projectors: [silent], ranks: [1], effect: 0.5 });
    const test = testsOf(rows[0]).get('gradient');
    expect(test).toMatchObject({ approximate: true, verdict: 'acquitted' });
    // By haar's own theory, which this one keeps to itself; 400 draws measure it to a tenth or so.
    const promised = projectors.haar
      .theory(2, 1)
      .readingVariance?.({ values: gradient.dataSync(), shape: [3, 2], side: 'right' }, gradient.dataSync());
    const square = Math.hypot(...gradient.dataSync()) ** 2;
    const twice = (2 * (promised as number)) / square ** 2;
    const taken = (test?.standardError as number) ** 2 * (test?.draws as number);
    expect(taken / twice).toBeGreaterThan(0.75);
    expect(taken / twice).toBeLessThan(1.25);
  });

  it('counts one row for each projector, gradient and rank', () => {
    const read = {
      gradients,
      projectors: [skewed, projectors.haar],
      ranks: [1, 2, 2],
      directions: 3,
      effect: 1,
      seed: 0,
    };
    expect(questions.bias.spec.count(read)).toBe(6);
  });
});
