import fc from 'fast-check';
import type { Distribution } from '../../base/distribution';
import { extents, numbers, seeds, shapes } from '../arbitraries';
import { expectSameBits } from '../close';
import { type Law, law, randomLaw } from '../law';
import { claim } from '../violation';
import type { Trial } from './trial';

const distributions: Distribution[] = [
  'uniform',
  'normal',
  'rademacher',
  { sparsity: 1 },
  { sparsity: 3 },
  { sparsity: 7.3 },
];

/** Random numbers are the same bits everywhere, also those that are generated inside a product. */
export function randomNumberLaws({ agree, agreeWith, results, expected }: Trial): Law[] {
  const random = fc.record({
    kind: fc.constantFrom(...distributions),
    key: fc.tuple(seeds, seeds),
    rows: fc.constantFrom(0, 1, 2, 4, 7, 16, 100, 300),
    columns: fc.constantFrom(0, 1, 2, 4, 7, 16, 100, 129, 530),
    scale: fc.constantFrom(1, 0.25, 0.1),
  });
  const product = fc.tuple(random, fc.constantFrom('left', 'right'), fc.boolean(), extents, seeds);
  const matrix = random.filter(({ rows, columns }) => rows > 0 && columns > 0 && rows * columns <= 12000);
  const drawn = fc.tuple(fc.constantFrom(...distributions), seeds, seeds, shapes, fc.constantFrom(1, 3, 100, 700));
  return [
    randomLaw(
      'products: matmulRandom, both sides and transposes',
      product,
      ([a, side, transpose, other, seed]) =>
        agreeWith(
          ['matmulRandom'],
          (b, put) => {
            const inner = (side === 'left') === transpose ? a.rows : a.columns;
            const x = put(numbers(seed, inner * other), side === 'left' ? [inner, other] : [other, inner]);
            return b.matmulRandom(x, a, side, transpose);
          },
          6 * Math.max(a.rows, a.columns), // normals reach 5.8
        ),
      { numRuns: 100 },
    ),
    randomLaw('products: randomCross', fc.tuple(random, random), ([a, b]) =>
      agreeWith(['randomCross'], (on) => on.randomCross(a, { ...b, columns: a.columns }), 36 * a.columns),
    ),
    randomLaw('products: the matrix of matmulRandom is random() times scale, to the bit', matrix, async (a) => {
      const identity = (n: number): Float32Array =>
        Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
      const [stored] = await expected((b) => b.random(a.kind, a.key, [a.rows, a.columns]));
      const right = (stored as Float32Array).map((x) => x * Math.fround(a.scale));
      const actual = await results((b, put) =>
        [
          b.matmulRandom?.(put(identity(a.columns), [a.columns, a.columns]), a, 'left', false),
          b.matmulRandom?.(put(identity(a.rows), [a.rows, a.rows]), a, 'right', false),
        ].filter((made) => made !== undefined),
      );
      for (const values of actual)
        claim(
          Array.from(values).every((x, i) => x === right[i]),
          'a generated entry differs',
        );
    }),
    randomLaw('products: random numbers are the same bits', drawn, ([kind, k0, k1, shape, columns]) =>
      agree((b) => b.random(kind, [k0, k1], [...shape, columns]), 0, expectSameBits),
    ),
    ...distributions.map((kind) =>
      law(
        `products: ${typeof kind === 'string' ? kind : `sparsity ${kind.sparsity}`}: 2¹⁷ numbers in one row and in many are the same bits`,
        () =>
          agree(
            (b) => [b.random(kind, [7, 11], [2 ** 17]), b.random(kind, [7, 11], [2 ** 9, 2 ** 8])],
            0,
            expectSameBits,
          ),
      ),
    ),
  ];
}
