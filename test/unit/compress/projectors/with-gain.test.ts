import { describe, expect, it } from 'vitest';
import {
  type KeyedProjection,
  matmul,
  OptionError,
  projectors,
  random,
  type Tensor,
  transpose,
  withGain,
} from '../../../../src/index';
import { checkProjector } from '../../../../src/study';

const share = (d: number, rank: number): number => rank / d;

describe('withGain', () => {
  // Mean r/d and relative squared error 1 − r/d are those of an orthogonal projection; false alarms with chance 1e-9.
  it.each(['coordinates', 'haar'] as const)(
    'makes an orthogonal projection of %s, and keeps the laws',
    async (name) => {
      const projector = withGain<KeyedProjection>(projectors[name], share);
      const report = await checkProjector(projector, { cases: [{ shape: [6, 9], rank: 2 }], effect: 0.3 });
      expect(report.verdicts.filter(({ passed }) => !passed)).toEqual([]);
      const { gain, relativeMse } = projector.theory(6, 2);
      expect([gain, relativeMse]).toEqual([expect.closeTo(1 / 3, 12), expect.closeTo(2 / 3, 12)]);
    },
  );

  it('gives srht orthonormal rows where its side is a power of two', () => {
    const projector = withGain(projectors.srht, share);
    const p = projector.sample(random.key(2), [8, 8], 3);
    const identity = random.normal(random.key(3), [8, 8]);
    const once = projector.up(p, projector.down(p, identity));
    const twice = projector.up(p, projector.down(p, once));
    const [a, b] = [once, twice].map((x: Tensor) => Array.from(x.dataSync())) as [number[], number[]];
    a.forEach((x, i) => {
      expect(x).toBeCloseTo(b[i] as number, 5);
    });
    const gram = matmul(once, transpose(identity)).sub(matmul(once, transpose(once)));
    expect(Math.max(...Array.from(gram.dataSync(), Math.abs))).toBeLessThan(1e-4);
  });

  it('has no theory for a projector without a gain of its own', () => {
    const given = { values: new Float32Array(6).fill(1), shape: [2, 3], side: 'left' } as const;
    const theory = () => withGain(projectors.svd, () => 2).theory(2, 1, given);
    expect(theory).toThrow(OptionError);
    expect(theory).toThrow('projector/no-theory');
  });
});
