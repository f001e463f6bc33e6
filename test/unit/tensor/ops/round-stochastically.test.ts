import { describe, expect, it } from 'vitest';
import { full, random, roundStochastically, type Tensor, tensor, valueAndGrad } from '../../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const key = random.key(5);

/** bfloat16 by its bits: the neighbours of x on either side, 16 bits of the pattern cut off. */
function neighbours(x: number): [number, number] {
  const bits = new Uint32Array(1);
  const view = new Float32Array(bits.buffer);
  view[0] = x;
  bits[0] = ((bits[0] as number) >>> 16) << 16;
  const near = view[0] as number;
  if (near === Math.fround(x)) return [near, near];
  bits[0] = (bits[0] as number) + 0x10000;
  return [near, view[0] as number];
}

describe('roundStochastically', () => {
  // 7 means of 20000 draws, each within 5 deviations: false alarms 7·5.7e-7 = 4.0e-6, for another key.
  it('keeps the mean, with the variance p(1 − p)·step², for both signs', () => {
    const draws = 20000;
    for (const [i, x] of [0.3, -0.3, 7.9, -7.1, 0.05, 123.45, -1e-3].entries()) {
      const step = 0.25;
      const values = numbers(roundStochastically(full([draws], x), { step, key: random.fold(key, i) }));
      const low = Math.floor(x / step) * step;
      expect(new Set(values)).toEqual(new Set([low, low + step].map((v) => v + 0)));
      const p = (Math.fround(x) - low) / step;
      const mean = values.reduce((a, b) => a + b, 0) / draws;
      expect(Math.abs(mean - x)).toBeLessThan(5 * step * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it('leaves what is on the grid, what is too large for one, zeros, infinities and NaN', () => {
    const fixed = [0, 0.5, -0.5, 3, -7.5, 2 ** 23 + 1, -(2 ** 30), 3e38, Infinity, -Infinity, Number.NaN];
    for (let seed = 0; seed < 20; seed++)
      expect(numbers(roundStochastically(tensor(fixed), { step: 0.5, key: random.key(seed) }))).toEqual(
        fixed.map(Math.fround),
      );
  });

  it('rounds each row to a grid of its own', () => {
    const x = random.normal(random.key(1), [2, 50]);
    const q = numbers(roundStochastically(x, { step: tensor([[0.25], [4]]), key }));
    q.forEach((value, i) => {
      expect(Math.abs(value % (i < 50 ? 0.25 : 4))).toBe(0);
    });
    expect(new Set(q.slice(50)).size).toBeLessThan(5);
  });

  it('rounds to the bfloat16 on either side, at every size and at powers of 2', () => {
    const sizes = Array.from({ length: 120 }, (_, i) => 2 ** (2 * i - 118));
    const x = sizes.flatMap((size, i) => [
      size,
      size * 1.37,
      -size * (1 + 2 ** -20),
      size * (2 - 2 ** -20),
      -size * (1 + i / 300),
    ]);
    const q = numbers(roundStochastically(tensor(x), { step: 'bfloat16', key }));
    q.forEach((value, i) => {
      expect(neighbours(x[i] as number)).toContain(value);
    });
    const other = numbers(roundStochastically(tensor(x), { step: 'bfloat16', key: random.key(6) }));
    expect(other).not.toEqual(q);
  });

  it('rounds to float16, its smallest numbers included', () => {
    const q = numbers(roundStochastically(tensor([1.0004, -2047.3, 3e-8, 65000.5]), { step: 'float16', key }));
    const grids = [2 ** -10, 1, 2 ** -24, 32];
    q.forEach((value, i) => {
      expect(Math.abs(value % (grids[i] as number))).toBe(0);
    });
  });

  it('has no derivative', () => {
    const x = tensor([0.3, 1.7, 1e9]);
    const { grads } = valueAndGrad(() => roundStochastically(x, { step: 1, key }).mul(x).sum(), { x });
    expect(numbers(grads.x)).toEqual(numbers(roundStochastically(x, { step: 1, key })));
  });
});
