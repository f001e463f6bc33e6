import fc from 'fast-check';
import { type Shape, sizeOf } from '../../base/shape';
import { broadcasts, depths, extents, numbers, seeds } from '../arbitraries';
import { type Law, law, randomLaw } from '../law';
import type { Trial } from './trial';

const transposes = fc.tuple(fc.boolean(), fc.boolean());

/** Matrix products, batched and beyond the blocks of any kernel. */
export function productLaws({ agree, agreeWith }: Trial): Law[] {
  const sizes = fc.tuple(extents, depths, extents);
  const small = fc.constantFrom(0, 1, 2, 3, 5, 8);
  const batched = fc.tuple(broadcasts(2), fc.tuple(small, small, small), transposes, seeds);
  return [
    randomLaw(
      'products: matmul, all transposes, with and without bias',
      fc.tuple(sizes, transposes, fc.boolean(), seeds),
      ([[m, k, n], [ta, tb], withBias, seed]) =>
        agree(
          (b, put) => {
            const x = put(numbers(seed, m * k), ta ? [k, m] : [m, k]);
            const y = put(numbers(seed + 1, k * n), tb ? [n, k] : [k, n]);
            return b.matmul(x, y, ta, tb, [m, n], withBias ? put(numbers(seed + 2, n), [n]) : null);
          },
          2 * k + 2,
        ),
      { numRuns: 100 },
    ),
    randomLaw(
      'products: matmul over batches that broadcast',
      batched,
      ([{ shape, operands }, [m, k, n], [ta, tb], seed]) =>
        agree((b, put) => {
          const [p, q] = operands as [Shape, Shape];
          const x = put(numbers(seed, sizeOf(p) * m * k), [...p, ...(ta ? [k, m] : [m, k])]);
          const y = put(numbers(seed + 1, sizeOf(q) * k * n), [...q, ...(tb ? [n, k] : [k, n])]);
          return b.matmul(x, y, ta, tb, [...shape, m, n], null);
        }, 2 * k),
    ),
    randomLaw(
      'products: a low-rank sum on the support of a weight',
      fc.tuple(extents, fc.constantFrom(0, 1, 3, 16), extents, seeds),
      ([n, rank, m, seed]) =>
        agreeWith(
          ['addOnSupport'],
          (b, put) => {
            const weight = numbers(seed, n * m).map((x, i) => (x > 0.2 ? x : i % 2 === 0 ? 0 : -0));
            return b.addOnSupport(
              put(weight, [n, m]),
              put(numbers(seed + 1, n * rank), [n, rank]),
              put(numbers(seed + 2, rank * m), [rank, m]),
            );
          },
          2 * rank + 2,
        ),
    ),
    ...(
      [
        [200, 300, 1100],
        [1100, 40, 2],
        [1, 1500, 1],
        [3, 1, 2100],
      ] as const
    ).map(([m, k, n]) =>
      law(`products: matmul beyond one block: m ${m}, k ${k}, n ${n}`, () =>
        agree(
          (b, put) => {
            const [x, y, bias] = [
              put(numbers(1, m * k), [m, k]),
              put(numbers(2, k * n), [n, k]),
              put(numbers(3, n), [n]),
            ];
            return [b.matmul(x, y, false, true, [m, n], bias)];
          },
          2 * k + 2,
        ),
      ),
    ),
  ];
}
