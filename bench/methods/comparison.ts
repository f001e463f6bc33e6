import type { Column } from '../../src/study';
import { markdownTable } from '../harness/markdown';
import { fixed, interval, lossTable } from '../reproduce/format';
import type { Tuned } from '../reproduce/tuned';
import { above, type BySeed, difference } from '../reproduce/verdict';
import { type Contender, entrantOf, labelOf, type references } from './entrants';
import type { Ask } from './jobs';
import { type Searched, searched } from './search';
import type { Setting } from './setting';

/** A contender, what came of it, and what it takes. */
interface Compared extends Searched {
  readonly contender: Contender;
  readonly bytes: number;
  readonly peak: number;
}

/** Everything that the tables of the comparison are made of. */
interface Comparison {
  readonly rows: readonly Compared[];
  /** The bytes that a state may have at equal bytes. */
  readonly budget: number;
  /** For each name the contender of each table; null where even rank 1 has more bytes than the budget. */
  readonly equalRank: readonly Contender[];
  readonly equalBytes: readonly { readonly name: string; readonly contender: Contender | null }[];
}

/** The contenders of both tables, searched and measured, each once. */
export async function compare(names: readonly string[], setting: Setting, ask: Ask): Promise<Comparison> {
  const { width, batch, steps, refreshEvery, rank, seeds, grid } = setting;
  const task = { width, batch, steps, refreshEvery };
  const bytesOf = async (contender: Contender): Promise<number> =>
    (await ask('bytes', [{ ...task, ...contender }]))[0] as number;
  const equalRank = names.map((name) => ({ name, rank: entrantOf(name).ranked ? rank : null }));
  const budget = Math.floor(setting.budget * (await bytesOf({ name: 'adam', rank: null })));
  const equalBytes = await Promise.all(
    equalRank.map(async (one) => ({ name: one.name, contender: await within(one, budget, width, bytesOf) })),
  );
  const contenders = unique([...equalRank, ...equalBytes.flatMap(({ contender }) => contender ?? [])]);
  const found = await searched(
    contenders.map((contender) => ({
      name: labelOf(contender),
      rates: grid,
      job: (rate, seed) => ({ ...task, ...contender, rate, seed }),
    })),
    seeds,
    (jobs) => ask('train', jobs),
  );
  const jobs = contenders.map((contender) => ({ ...task, ...contender }));
  const [bytes, peaks] = [await ask('bytes', jobs), await ask('peak', jobs)];
  const rows = found.map((row, i) => ({
    ...row,
    contender: contenders[i] as Contender,
    bytes: bytes[i] as number,
    peak: peaks[i] as number,
  }));
  return { rows, budget, equalRank, equalBytes };
}

/** The largest rank whose state is within the budget; a contender without a rank stays as it is. */
async function within(
  { name, rank }: Contender,
  budget: number,
  most: number,
  bytesOf: (contender: Contender) => Promise<number>,
): Promise<Contender | null> {
  if (rank === null) return { name, rank };
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await bytesOf({ name, rank: middle })) <= budget) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? null : { name, rank: low };
}

function unique(contenders: readonly Contender[]): Contender[] {
  return [...new Map(contenders.map((contender) => [labelOf(contender), contender])).values()];
}

const nats = fixed(3);

/** Task, gates, and the two tables. */
export function comparisonSection({ rows, budget, equalRank, equalBytes }: Comparison, setting: Setting): string[] {
  const { width, batch, steps, refreshEvery, rank, seeds, grid } = setting;
  const rowOf = (contender: Contender): Compared => rows.find(({ name }) => name === labelOf(contender)) as Compared;
  const lossesOf = (name: keyof typeof references): BySeed => rowOf({ name, rank: null }).losses;
  const adam = lossesOf('adam');
  const extra: readonly Column<Tuned>[] = [
    { heading: 'lower than dense Adam by', cell: ({ losses }) => interval(difference(adam, losses), nats) },
    { heading: 'bytes of state', align: 'right', cell: (row) => (row as Compared).bytes.toLocaleString('en-US') },
    { heading: 'peak bytes', align: 'right', cell: (row) => (row as Compared).peak.toLocaleString('en-US') },
  ];
  const tooLarge = equalBytes.flatMap(({ name, contender }) => (contender ? [] : [entrantOf(name).label]));
  return [
    `A GPT of 2 layers of width ${width} on Moby-Dick by characters, ${steps} steps of ${batch} × 64 characters, warm-up over a twentieth of them and a`,
    'cosine; validation loss in nats on 16,384 characters. Methods treat the matrices of the blocks and leave all else to Adam; new',
    `projections every ${refreshEvery} steps. Peak rates are chosen for each row alone on seed ${seeds.tuning}: the best of ${grid.join(', ')},`,
    'then of that one, half and twice of it, a rule that was fixed before the first search. "(edge)" marks a rate that is the least or the',
    `largest of those tried. Seeds ${seeds.counted.join(', ')} count; differences are paired by seed, with Student's 95 % interval. Peak bytes are the most alive at`,
    'once in the first four steps, weights and activations among them.',
    '',
    `- ${gate('momentum in Adafactor', 'dense momentum beats none', lossesOf('none'), lossesOf('adafactor'))}`,
    `- ${gate("Adam's moments", 'dense Adam beats SGD, which keeps nothing,', lossesOf('sgd'), adam)}`,
    '',
    `### At equal rank ${rank}`,
    '',
    ...lossTable(equalRank.map(rowOf), seeds.counted, nats, extra),
    '',
    '### At equal bytes of state',
    '',
    `The budget is ${setting.budget.toFixed(2)} of the state of dense Adam, ${budget.toLocaleString('en-US')} bytes: each rank is the largest whose state is within it. What has no`,
    'rank stands as it is, above the budget or below it.',
    ...(tooLarge.length > 0 ? [`More than that even at rank 1: ${tooLarge.join(', ')}.`] : []),
    '',
    ...lossTable(
      equalBytes.flatMap(({ contender }) => (contender ? [rowOf(contender)] : [])),
      seeds.counted,
      nats,
      extra,
    ),
  ];
}

/** Whether what is compressed matters on this task, in words. */
function gate(what: string, claim: string, without: BySeed, dense: BySeed): string {
  const measured = difference(without, dense);
  const by = `by ${interval(measured, fixed(4))}`;
  switch (above(measured)) {
    case 'holds':
      return `The gate of ${what} is open: ${claim} ${by}, so what is compressed matters on this task.`;
    case 'fails':
      return `The gate of ${what} is closed: it is not so that ${claim}, ${by}; what compressing it costs cannot be told here.`;
    default:
      return `The gate of ${what} cannot be told open: ${claim} ${by}; what compressing it costs cannot be told here.`;
  }
}

/** Every loss of the search, with the best of each row in bold. */
export function sweepSection({ rows }: Comparison, { seeds }: Setting): string[] {
  const rates = [...new Set(rows.flatMap(({ sweep }) => sweep.map(({ rate }) => rate)))].sort((a, b) => a - b);
  const edges = rows.filter(({ edge }) => edge).map(({ name, rate }) => `${name} (${rate})`);
  const cell = ({ sweep, rate: best }: Compared, rate: number): string => {
    const attempt = sweep.find((one) => one.rate === rate);
    if (!attempt) return '';
    const text = attempt.loss === null ? 'diverged' : nats(attempt.loss);
    return rate === best ? `**${text}**` : text;
  };
  return [
    `Validation losses on seed ${seeds.tuning}, which does not count, by peak rate; empty where a rate was not tried.`,
    edges.length > 0 ? `The best rate is at an edge for ${edges.join(', ')}.` : 'No best rate is at an edge.',
    '',
    ...markdownTable<Compared>(
      [
        { heading: 'method', cell: ({ name }) => name },
        ...rates.map((rate) => ({
          heading: String(rate),
          align: 'right' as const,
          cell: (row: Compared) => cell(row, rate),
        })),
      ],
      rows,
    ),
  ];
}
