import { describe, expect, it } from 'vitest';
import { projectors, random } from '../../../../src/index';
import { type ErrorRow, gradientFamilies, projectionError, questions } from '../../../../src/study';

describe('questions.error', () => {
  const row: ErrorRow = {
    gradient: 'gaussian 16x32',
    projector: 'made',
    rows: 16,
    columns: 32,
    side: 'left',
    rank: 3,
    trials: 200,
    relativeMse: 5.5,
    theoryMse: 5,
    biasStatistic: 0.25,
    biasThreshold: 0.75,
    cosine: 0.4321,
    gain: 1,
    gainStatistic: 0.25,
    directionStatistic: 0.1,
    directionThreshold: 0.5,
    standardError: 0.0256,
    seed: 0,
  };

  it('made by hand has every number in the column of its name', () => {
    const cells = (one: ErrorRow): readonly string[] => questions.error.spec.table([one]).lines[0] ?? [];
    expect(questions.error.spec.table([row]).columns.map(({ heading }) => heading)).toEqual([
      'projector',
      'gradient',
      'side',
      'rank',
      'error',
      'theory',
      'off by',
      'cosine',
      'on average',
    ]);
    const rest = (one: ErrorRow): readonly string[] => cells(one).slice(4);
    expect(cells(row).slice(0, 4)).toEqual(['made', 'gaussian 16x32', 'left', '3']);
    expect(rest(row)).toEqual(['5.5 ± 0.026', '5', '+10.0 %', '0.4321', 'unbiased (0.25 ≤ 0.75)']);
    const off = { ...row, biasStatistic: 0.8, gainStatistic: 0.8, relativeMse: 4 };
    expect(rest(off)).toEqual(['4 ± 0.026', '5', '−20.0 %', '0.4321', 'BIASED (0.8 > 0.75)']);
    expect(rest({ ...row, directionStatistic: 0.6 }).at(-1)).toBe('BIASED (0.6 > 0.5)');
    expect(rest({ ...row, directionStatistic: null, directionThreshold: null }).at(-1)).toBe('unbiased (0.25 ≤ 0.75)');
    expect(rest({ ...row, gain: 0.5, biasStatistic: 0.9 }).at(-1)).toBe('times 0.5, as declared (0.25 ≤ 0.75)');
    expect(rest({ ...off, gain: 0.5 }).at(-1)).toBe('BIASED (0.8 > 0.75)');
    expect(rest({ ...off, gain: null, gainStatistic: null }).at(-1)).toBe('biased, as declared');
    expect(rest({ ...row, standardError: 1e-12 })[0]).toBe('5.5');
  });

  it('counts no bias that is declared as a fault', () => {
    const off = { ...row, biasStatistic: 0.8, gainStatistic: 0.8 };
    const said = (rows: ErrorRow[]): string | undefined => questions.error.spec.verdict?.(rows);
    expect(said([row, { ...off, gain: null }])).toBe(
      'No projection here shows a bias that it does not declare. 1 of 2 are biased by design, and say so.',
    );
    expect(said([row, off])).toBe('1 of 2 rows show more bias than their theory declares and chance explains.');
    expect(said([row])).toBe('No projection here shows a bias that it does not declare.');
  });

  it('measures every projector at every rank on every gradient, in that order, and draws each gradient', async () => {
    const gradients = [8, 12].map((n) => ({
      name: `g ${n}`,
      gradient: gradientFamilies.sparse(random.key(n), [n, 10]),
    }));
    const options = { ranks: [2, 5], trials: 180, seed: 5 };
    const { rows, figures } = await questions.error.ask({
      gradients,
      projectors: [projectors.haar, projectors.rademacher],
      ...options,
    });
    const expected: ErrorRow[] = [];
    for (const { name, gradient } of gradients)
      for (const projector of [projectors.haar, projectors.rademacher])
        for (const rank of options.ranks)
          expected.push({
            gradient: name,
            ...(await projectionError({
              projector: projector as typeof projectors.haar,
              gradient,
              rank,
              trials: 180,
              seed: 5,
            })),
          });
    expect(rows).toEqual(expected);
    expect(figures.map(({ name }) => name)).toEqual(['error-g-8', 'error-g-12']);
  });
});
