import { fillRow } from '../../src/base/distribution';
import type { Backend, Storage } from '../../src/index';
import { significant } from '../../src/study/numbers';
import type { Column } from '../../src/study/table';
import { median } from '../harness/statistics';
import type { BenchDevice } from './device';

/** What the rounds say of one variant; times are medians, in milliseconds. */
export interface BenchRow {
  readonly name: string;
  readonly milliseconds: number;
  readonly gflops: number;
  /** How many times faster than the naive variant: the median over rounds of the two times of a round. */
  readonly ratio: number;
  /** Largest distance of an element from that of the naive variant. */
  readonly largestDifference: number;
}

export interface BenchOutput {
  readonly size: number;
  readonly repeats: number;
  /** Time to bring both matrices to the device. */
  readonly uploadMilliseconds: number;
  /** The result from there. */
  readonly readBackMilliseconds: number;
  readonly variants: readonly BenchRow[];
  readonly backend: ReturnType<Backend['describe']>;
  readonly command: string;
}

export const benchColumns: readonly Column<BenchRow>[] = [
  { heading: 'variant', cell: ({ name }) => name },
  { heading: 'ms', align: 'right', cell: ({ milliseconds }) => significant(milliseconds) },
  { heading: 'GFLOP/s', align: 'right', cell: ({ gflops }) => significant(gflops) },
  { heading: '× naive', align: 'right', cell: ({ ratio }) => ratio.toFixed(2) },
  { heading: 'differs by', align: 'right', cell: ({ largestDifference }) => largestDifference.toExponential(1) },
];

export function explainBench({ uploadMilliseconds, readBackMilliseconds }: BenchOutput): string[] {
  return [
    `Upload of both matrices ${significant(uploadMilliseconds)} ms, read-back of the result ${significant(readBackMilliseconds)} ms; neither is in the times above.`,
    'Medians; × naive is the median of the ratios within a round. A product takes 2·N³ operations.',
    'differs by: the largest distance from the naive result, which adds up in another order.',
  ];
}

type Operand = Parameters<Backend['matmul']>[0];

/** Times every variant `repeats` times, in turn, after one round that compiles and compares. */
export async function measure(
  { backend, variants, finished }: BenchDevice,
  size: number,
  repeats: number,
  seed: number,
): Promise<Omit<BenchOutput, 'backend' | 'command'>> {
  const shape = [size, size];
  const values = [0, 1].map((matrix) => {
    const out = new Float32Array(size * size);
    for (let row = 0; row < size; row++)
      fillRow('uniform', [seed, matrix], row, 0, out.subarray(row * size, (row + 1) * size));
    return out.map((x) => 2 * x - 1);
  });
  const put = (on: Backend): Operand[] =>
    values.map((matrix) => {
      const storage = on.fromHost(matrix.slice());
      on.resident(storage);
      return { storage, shape, dtype: 'float32' };
    });
  const drop = (on: Backend, operands: readonly Operand[]): void => {
    for (const { storage } of operands) on.free(storage);
  };
  const time = async <T>(what: () => T | Promise<T>): Promise<[result: T, milliseconds: number]> => {
    const start = performance.now();
    const result = await what();
    await finished();
    return [result, performance.now() - start];
  };

  const held = new Map<Backend, Operand[]>();
  for (const { on } of variants) if (!held.has(on)) held.set(on, put(on));
  const product = (i: number): Storage => {
    const { on, product: make } = variants[i] as BenchDevice['variants'][number];
    return make(...(held.get(on) as [Operand, Operand]));
  };

  const differences: number[] = [];
  let naive: ArrayLike<number> | null = null;
  for (const [i, { on }] of variants.entries()) {
    const result = product(i);
    const made = await on.read(result);
    on.free(result);
    naive ??= made;
    let largest = 0;
    for (let j = 0; j < made.length; j++) {
      const distance = Math.abs((made[j] as number) - (naive[j] as number));
      if (!(distance <= largest)) largest = distance; // a NaN shows
    }
    differences.push(largest);
  }

  const times = variants.map((): number[] => []);
  const [uploads, readBacks]: [number[], number[]] = [[], []];
  for (let round = 0; round < repeats; round++) {
    const [operands, upload] = await time(() => put(backend));
    drop(backend, operands);
    uploads.push(upload);
    for (const [i, { on }] of variants.entries()) {
      const [result, milliseconds] = await time(() => product(i));
      times[i]?.push(milliseconds);
      if (i === variants.length - 1) readBacks.push((await time(() => on.read(result)))[1]);
      on.free(result);
    }
  }
  for (const [on, operands] of held) drop(on, operands);

  const first = times[0] as number[];
  const rows = variants.map(({ name }, i): BenchRow => {
    const own = times[i] as number[];
    const milliseconds = median(own);
    return {
      name,
      milliseconds,
      gflops: (2 * size ** 3) / milliseconds / 1e6,
      ratio: median(own.map((x, round) => (first[round] as number) / x)),
      largestDifference: differences[i] as number,
    };
  });
  return {
    size,
    repeats,
    uploadMilliseconds: median(uploads),
    readBackMilliseconds: median(readBacks),
    variants: rows,
  };
}
