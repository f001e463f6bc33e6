import { describe, expect, it } from 'vitest';
import {
  compress,
  dequantise,
  ema,
  fixedSide,
  type GradientTransform,
  galore,
  type Params,
  projectors,
  qGalore,
  quantise,
  quantised,
  random,
  stateBytes,
  type Tensor,
  zeros,
} from '../../../../src/index';
import { firstRefresh } from '../../../support/refresh';

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const key = random.key(0);

describe('a quantised projector', () => {
  const made = (side: 'left' | 'right', options: Parameters<typeof quantised>[1]) => {
    const shape = [9, 16];
    const [plain, rounded] = [projectors.svd, quantised(projectors.svd, options)].map((one) => fixedSide(one, side));
    const G = at(1, shape);
    const of = <P>(projector: typeof plain): P => {
      const sample = projector?.sample(key, shape, 3);
      return (sample && projector?.refresh?.(sample, G, firstRefresh(key))) as P;
    };
    return { shape, G, plain, rounded, p: of<never>(plain), q: of<never>(rounded) };
  };

  it('projects with the matrix that comes back from the codes, down and up', () => {
    for (const side of ['left', 'right'] as const) {
      for (const options of [{}, { bits: 8, groupSize: 3 }, { reference: true }] as const) {
        const { G, plain, rounded, p, q } = made(side, options);
        const d = side === 'left' ? 9 : 16;
        const A = (p as { matrix: Tensor }).matrix;
        const laid = options.reference && side === 'left' ? A.transpose() : A;
        const again = dequantise(quantise(laid, { bits: 4, ...options }));
        const matrix = laid === A ? again : again.transpose();
        expect(matrix.shape).toEqual([3, d]);
        const expected = plain?.down({ ...(p as object), matrix } as never, G) as Tensor;
        const C = rounded?.down(q, G) as Tensor;
        expect(numbers(C)).toEqual(numbers(expected));
        expect(numbers(rounded?.up(q, C))).toEqual(numbers(plain?.up({ ...(p as object), matrix } as never, C)));
        expect(numbers(rounded?.transfer(C, q, q))).toEqual(
          numbers(plain?.transfer(C, { ...(p as object), matrix } as never, { ...(p as object), matrix } as never)),
        );
      }
    }
  });

  it('says how much it stores', () => {
    for (const side of ['left', 'right'] as const) {
      for (const options of [{}, { bits: 8, groupSize: 3 }, { reference: true }] as const) {
        const { shape, rounded, q } = made(side, options);
        expect(4 * (rounded?.storedFloats(shape, 3) ?? NaN)).toBe(stateBytes(q));
      }
    }
  });

  it('promises nothing, and needs a matrix', () => {
    expect(() => quantised(projectors.svd).theory(4, 2)).toThrow(/projector\/no-theory/);
    const wrong = quantised(projectors.gaussian as never);
    expect(() => wrong.sample(key, [4, 5], 2)).toThrow(/arguments\/tensor/);
  });

  it('wraps one that does not follow the gradient', () => {
    const older = at(2, [6, 8]);
    const projector = quantised(projectors.svdOf(older), { bits: 8 });
    const transform = compress({ projector, rank: 6, inner: ema({ decay: 0 }), refreshEvery: 1, onRefresh: 'keep' });
    const [updates] = transform.update({ w: older }, transform.init({ w: older }), {});
    const off = (updates.w as Tensor).sub(older);
    expect(Math.hypot(...numbers(off)) / Math.hypot(...numbers(older))).toBeLessThan(0.02);
    expect('refresh' in projector).toBe(false);
  });
});

describe('qGalore', () => {
  const shape = [24, 16];
  const usual = { learningRate: 0.1, rank: 3, refreshEvery: 2 };
  const params: Params = { w: zeros(shape), b: zeros([5]) };
  const run = <S>(transform: GradientTransform<S>, steps = 12) => {
    let state = transform.init(params);
    const updates: Params[] = [];
    for (let step = 0; step < steps; step++) {
      const grads = { w: at(1, shape).add(at(step, shape).mul(0.05)), b: at(step, [5]) };
      const [update, next] = transform.update(grads, state, params);
      updates.push(update);
      state = next;
    }
    return { updates, state };
  };

  it('keeps moments, codes, scales, zeros and one vector, and no more', () => {
    for (const bits of [4, 8] as const) {
      const transform = qGalore({ ...usual, bits });
      const { state } = run(transform);
      const floats = 2 * 3 * 24 + (3 * 16 * bits) / 32 + 2 * 3 + 16;
      const dense = 2 * 5;
      expect(stateBytes(state)).toBe(4 * (floats + dense));
      expect(stateBytes(transform.init(params))).toBe(4 * (floats + dense));
    }
  });

  it('refreshes less often than GaLore, by its options', () => {
    const count = (options: Partial<Parameters<typeof qGalore>[0]>) =>
      run(qGalore({ ...usual, ...options }), 34).state[0].leaves.w?.refreshes;
    expect(run(galore(usual), 34).state[0].leaves.w?.refreshes).toBe(16);
    expect(count({})).toBe(8); // at 0, 2, 4, 6, 8, 10, 12, 16, 32
    expect(count({ window: 1, factor: 4 })).toBe(3); // at 0, 2, 8, 32
    expect(count({ threshold: 1 })).toBe(16);
  });

  it('steps nearly as GaLore does at 8 bits, and treats the rest as it does', () => {
    const [lazy] = run(qGalore({ ...usual, bits: 8 }), 1).updates as [Params];
    const [plain] = run(galore(usual), 1).updates as [Params];
    expect(numbers(lazy.b)).toEqual(numbers(plain.b));
    const off = (lazy.w as Tensor).sub(plain.w as Tensor);
    const share = Math.hypot(...numbers(off)) / Math.hypot(...numbers(plain.w));
    expect(share).toBeGreaterThan(1e-4);
    expect(share).toBeLessThan(0.02);
  });

  it('takes the side and a projector in place of its own', () => {
    const onLarger = qGalore({ ...usual, side: 'reverse' }).init(params);
    expect(onLarger[0].leaves.w?.projection.side).toBe('left');
    const given = qGalore({ ...usual, projector: projectors.gaussian }).init(params);
    expect(given[0].leaves.w?.projection).not.toHaveProperty('quantised');
  });
});
