import { describe, expect, it } from 'vitest';
import { projectors } from '../../../src/index';
import { projectionError } from '../../../src/study';

describe('projectionError', () => {
  it('gives the row of the contract, the same for the same seed', async () => {
    const options = { projector: projectors.haar, rows: 6, columns: 4, rank: 2, trials: 400, seed: 3 };
    const row = await projectionError(options);
    expect(Object.keys(row)).toEqual([
      'projector',
      'rows',
      'columns',
      'side',
      'rank',
      'trials',
      'relativeMse',
      'theoryMse',
      'biasStatistic',
      'biasThreshold',
      'cosine',
    ]);
    expect(row).toMatchObject({ projector: 'haar', side: 'right', theoryMse: 1 });
    expect(row.biasStatistic).toBeLessThan(row.biasThreshold);
    expect(await projectionError(options)).toEqual(row);
  });

  it('sees nothing but rounding where nothing is lost', async () => {
    const row = await projectionError({ projector: projectors.haar, rows: 5, columns: 3, rank: 3, trials: 200 });
    expect(row.theoryMse).toBe(0);
    expect(Math.abs(row.relativeMse)).toBeLessThan(1e-5);
    expect(row.biasStatistic).toBeLessThan(row.biasThreshold);
  });

  it('refuses too few trials and ranks that do not fit', async () => {
    const options = { projector: projectors.gaussian, rows: 6, columns: 4 };
    await expect(projectionError({ ...options, rank: 2, trials: 10 })).rejects.toThrow(/study\/trials/);
    await expect(projectionError({ ...options, rank: 5 })).rejects.toThrow(/projector\/rank/);
    await expect(projectionError({ ...options, rank: 0 })).rejects.toThrow(/options\/range/);
  });
});
