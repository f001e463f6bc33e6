import type { AttentionSpec } from '../../src/backend/attention-spec';
import type { FullBackend } from '../../src/backend/contract';
import { fillRow } from '../../src/base/distribution';
import { wholes } from '../../src/laws/arbitraries';
import { trial } from '../../src/laws/backend/trial';
import { expectSame } from '../../src/laws/close';
import { type Law, law } from '../../src/laws/law';

/** Whole numbers from −2 to 2: sums of their products are exact in float32, so that one lost term shows. */
const smallWholes = (seed: number, size: number): Float32Array =>
  Float32Array.from(wholes(seed, size, 5), (x) => x - 2);

/**
 * Products beyond what one thread, one texture or one block can hold, where drivers fail without a word. Runs wherever
 * laws do: in Node and in pages.
 */
export function longProducts(create: () => FullBackend): Law[] {
  const { agree, agreeWith, results } = trial(create);
  const exact = (m: number, k: number, n: number, [ta, tb]: readonly [boolean, boolean], bias = false): Promise<void> =>
    agree(
      (b, put) => {
        const x = put(smallWholes(1, m * k), ta ? [k, m] : [m, k]);
        const y = put(smallWholes(2, k * n), tb ? [n, k] : [k, n]);
        return b.matmul(x, y, ta, tb, [m, n], bias ? put(smallWholes(3, n), [n]) : null);
      },
      1,
      expectSame,
    );
  const ways = [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const;
  return [
    ...[1500, 20_000, 70_000].flatMap((k) =>
      ways.map((way) =>
        law(
          `products: sums of ${k} terms are exact${way[0] ? ', A swapped' : ''}${way[1] ? ', B swapped' : ''}`,
          async () => {
            await exact(1, k, 1, way); // for threads that make one number
            await exact(6, k, 5, way, true); // for those that make several
          },
        ),
      ),
    ),
    ...(
      [
        [20_000, 6, 5],
        [5, 6, 20_000],
        [5, 20_001, 70],
      ] as const
    ).map(([m, k, n]) =>
      law(`products: sides beyond those of a texture: m ${m}, k ${k}, n ${n}`, () => exact(m, k, n, [false, false])),
    ),
    // A kernel that is given its own last result, at one size after the other.
    law('products: generated matrices in several blocks, at several sizes', async () => {
      const k = 70_000;
      const row = (key: readonly [number, number], i: number): Float32Array => {
        const out = new Float32Array(k);
        fillRow('rademacher', key, i, 0, out);
        return out;
      };
      const dot = (p: Float32Array, q: Float32Array): number => p.reduce((sum, u, i) => sum + u * (q[i] as number), 0);
      for (const [m, lanes] of [
        [7, 32],
        [2, 33],
        [5, 31],
      ] as const) {
        const x = smallWholes(4, m * k);
        const a = { kind: 'rademacher', key: [5, 6], rows: lanes, columns: k, scale: 1 } as const;
        const [product, cross] = await results((b, put) => {
          if (!b.matmulRandom || !b.randomCross) return [];
          return [b.matmulRandom(put(x, [m, k]), a, 'right', true), b.randomCross(a, { ...a, key: [7, 8], rows: 2 })];
        });
        const rows = Array.from({ length: lanes }, (_, i) => row(a.key, i));
        const given = Array.from({ length: m }, (_, i) => x.subarray(i * k, (i + 1) * k));
        expectSame(product as Float32Array, Float32Array.from(given.flatMap((p) => rows.map((q) => dot(p, q)))));
        const others = [row([7, 8], 0), row([7, 8], 1)];
        expectSame(cross as Float32Array, Float32Array.from(rows.flatMap((p) => others.map((q) => dot(p, q)))));
      }
    }),
    ...[false, true].map((causal) =>
      law(`attention: 3 queries over 20,000 keys${causal ? ', causal' : ''}`, () => {
        const [t, s, d] = [3, 20_000, 4];
        const spec: AttentionSpec = {
          batch: 1,
          heads: 1,
          queries: t,
          keys: s,
          width: d,
          valueWidth: d,
          packed: false,
          scale: 0.1,
          causal,
        };
        return agreeWith(
          ['attention', 'attentionGrad'],
          (b, put) => {
            const q = put(smallWholes(1, t * d), [1, t, d]);
            const [k, v] = [put(smallWholes(2, s * d), [1, s, d]), put(smallWholes(3, s * d), [1, s, d])];
            const [out, logs] = b.attention([q, k, v], spec);
            const results = [
              { storage: out, shape: [1, t, d], dtype: 'float32' },
              { storage: logs, shape: [1, 1, t], dtype: 'float32' },
            ] as const;
            const g = put(smallWholes(4, t * d), [1, t, d]);
            return [out, logs, ...b.attentionGrad(g, [q, k, v], ...results, spec)];
          },
          400, // errors of 20,000 roundings add up like their square root, some 140
        );
      }),
    ),
  ];
}
