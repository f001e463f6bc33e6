import { describe, expect, it } from 'vitest';
import { lastMade } from '../../../../src/compress/maps/last-made';
import { eye, type Projector, projectors, random } from '../../../../src/index';

const close = 1e-6;

/** A [rank, d] as down of the identity, and as up of it. */
function matrices(projector: Projector, d: number, rank: number, wide: boolean): [Float32Array, Float32Array] {
  const shape = wide ? [d, d + 1] : [d + 1, d];
  const p = projector.sample(random.key(5), shape, rank);
  if (p.side === 'left') return [floats(projector.down(p, eye(d))), floats(projector.up(p, eye(rank)).transpose())];
  return [floats(projector.down(p, eye(d)).transpose()), floats(projector.up(p, eye(rank)))];
}

function floats(x: { dataSync(): ArrayLike<number> }): Float32Array {
  return Float32Array.from(x.dataSync(), (value) => value + 0); // the sign of a zero is no matter
}

describe.each([true, false])('a rank above which rows are mapped changes nothing of the draw, wide: %s', (wide) => {
  // The rows of R are the first of one order of all rows: a larger rank has those of a smaller one.
  it.each([70, 128])('srht, d = %i: rank 64 is made whole, rank 65 is transformed', (d) => {
    const whole = matrices(projectors.srht, d, 64, wide);
    const mapped = matrices(projectors.srht, d, 65, wide);
    for (const way of [0, 1] as const) {
      const off = whole[way].map((x, i) => Math.abs(x * Math.sqrt(64 / 65) - (mapped[way][i] as number)));
      expect(Math.max(...off)).toBeLessThan(close);
    }
  });

  // One number decides the bucket at every rank, as its share of the rank; the signs do not depend on the rank.
  it('count-sketch: rank 16 is made whole, rank 17 is scattered', () => {
    const d = 40;
    const sketch = projectors.countSketch();
    const [whole, mapped] = [matrices(sketch, d, 16, wide), matrices(sketch, d, 17, wide)];
    for (const values of [...whole, ...mapped]) expect(values.filter((x) => x !== 0)).toHaveLength(d);
    expect(whole[0]).toEqual(whole[1]);
    expect(mapped[0]).toEqual(mapped[1]);
    const only = (values: Float32Array, j: number): [number, number] => {
      const rows = Array.from({ length: values.length / d }, (_, l) => values[l * d + j] as number);
      const bucket = rows.findIndex((x) => x !== 0);
      return [bucket, rows[bucket] as number];
    };
    for (let j = 0; j < d; j++) {
      const [[few, sign], [many, other]] = [only(whole[0], j), only(mapped[0], j)];
      expect(other).toBe(sign);
      expect(Math.abs(sign)).toBe(1);
      expect(many === few || many === few + 1).toBe(true);
    }
  });

  it('with 2 nonzeros a column: rank 25 is scattered, and up is the transpose of down', () => {
    const [down, up] = matrices(projectors.countSketch({ nonzeros: 2 }), 40, 25, wide);
    expect(up).toEqual(down);
    const squares = Array.from({ length: 40 }, (_, j) =>
      down.reduce((sum, x, i) => sum + (i % 40 === j ? x * x : 0), 0),
    );
    for (const square of squares) expect(Math.abs(square - 1)).toBeLessThan(close);
    expect(down.filter((x) => x !== 0)).toHaveLength(80);
  });
});

describe('what was made last', () => {
  it('is kept for the same projection, and made again after another one', () => {
    const made: string[] = [];
    const of = lastMade(({ name }: { readonly name: string }) => made.push(name));
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    expect([of(a), of(a), of(b), of(b), of(a), of({ ...a })]).toEqual([1, 1, 2, 2, 3, 4]);
    expect(made).toEqual(['a', 'b', 'a', 'a']);
  });

  it.each([projectors.haar, projectors.srht, projectors.countSketch()])(
    'is not that of another projection: $name',
    (projector) => {
      const [shape, x] = [[12, 8], eye(8)];
      const draws = [0, 1].map((seed) => projector.sample(random.key(seed), shape, 4));
      const alone = draws.map((p) => floats(projector.down({ ...p } as never, x)));
      expect(alone[0]).not.toEqual(alone[1]);
      for (const i of [0, 1, 1, 0] as const) expect(floats(projector.down(draws[i] as never, x))).toEqual(alone[i]);
    },
  );
});
