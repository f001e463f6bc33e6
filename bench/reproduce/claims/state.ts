import {
  accumulate,
  adafactor,
  adamw,
  flora,
  floraAccumulate,
  type GradientTransform,
  scale,
  stateBytes,
  zeros,
} from '../../../src/index';
import { markdownTable } from '../../harness/markdown';
import type { ClaimOf } from '../claim';
import { counted } from '../verdict';

/** Sizes of the weights. */
interface Setting {
  /** n of weights [n, n], each twice the one before. */
  readonly sizes: readonly number[];
  readonly rank: number;
}

interface Job {
  readonly size: number;
  readonly rank: number;
}

const learningRate = 0.01;

/** What has a state, and how its bytes grow when n doubles: 2 is sublinear in the n² numbers of the weight, 4 linear. */
const rows: readonly { name: string; growth: 2 | 4; make(rank: number): GradientTransform<unknown> }[] = [
  { name: 'none: Adafactor without momentum', growth: 2, make: () => adafactor({ learningRate }) },
  { name: 'Adafactor, dense momentum', growth: 4, make: () => adafactor({ learningRate, momentum: 0.9 }) },
  { name: 'Flora (Algorithm 2)', growth: 2, make: (rank) => flora({ learningRate, rank }) },
  { name: 'AdamW', growth: 4, make: () => adamw({ learningRate }) },
  { name: 'sums of micro-batches, dense', growth: 4, make: () => accumulate(16, scale(-learningRate)) },
  {
    name: 'sums of micro-batches, Flora (Algorithm 1)',
    growth: 2,
    make: (rank) => floraAccumulate({ steps: 16, rank, inner: scale(-learningRate) }),
  },
];

/** Flora's title claim: state that grows more slowly than the model. */
export const state: ClaimOf<Setting, Job, readonly number[]> = {
  name: 'state',
  title: 'Flora: the state is sublinear in the size of the model',
  source: 'Flora (arXiv 2402.03293), abstract and Algorithms 1 and 2: r·n numbers in place of n² for a weight [n, n]',
  quick: true,
  setting: { sizes: [64, 128, 256, 512, 1024], rank: 16 },

  perform: ({ size, rank }) => {
    const params = { weight: zeros([size, size]) };
    return rows.map(({ make }) => stateBytes(make(rank).init(params)));
  },

  async measure({ sizes, rank }, run) {
    const bytes = await run(sizes.map((size) => ({ size, rank })));
    const of = (row: number): number[] => bytes.map((all) => all[row] as number);
    const growths = rows.map((_, row) =>
      of(row)
        .slice(1)
        .map((x, i) => x / (of(row)[i] as number)),
    );
    const grows = (chosen: 2 | 4): boolean =>
      rows.every(
        ({ growth }, row) => growth !== chosen || (growths[row] as number[]).every((g) => Math.abs(g - growth) < 0.2),
      );
    const [last, dense, compressed] = [sizes.at(-1) as number, of(1).at(-1) as number, of(2).at(-1) as number];
    return {
      setting: [
        `Bytes of \`stateBytes\` for one weight [n, n], rank ${rank}; counted, so that there is no seed and no interval. The gate is whether`,
        'the state of the dense form grows fourfold when n doubles, as the weight does.',
      ],
      parts: [
        {
          statement: 'Both algorithms have a state that only doubles when n doubles.',
          verdict: grows(4) ? counted(grows(2)) : 'cannot tell here',
          because: `At n = ${last} Flora's momentum has ${compressed.toLocaleString('en-US')} bytes where the dense one has ${dense.toLocaleString('en-US')}; no momentum has ${(of(0).at(-1) as number).toLocaleString('en-US')}.`,
        },
      ],
      table: markdownTable(
        [
          { heading: 'bytes of state', cell: ({ name }) => name },
          ...sizes.map((size, i) => ({
            heading: `n = ${size}`,
            align: 'right' as const,
            cell: (row: (typeof rows)[number]) => (of(rows.indexOf(row))[i] as number).toLocaleString('en-US'),
          })),
        ],
        rows,
      ),
    };
  },
};
