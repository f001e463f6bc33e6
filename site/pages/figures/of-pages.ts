import { type CurvePoint, curvesFigure, type Figure } from '../../../src/study/figure';
import { intervalsFigure, type NamedInterval } from './intervals';
import { column, intervalIn, numberIn, numberOf, type Place, type Table } from './table';

/** A figure of a table that stands in a document. The table is checked to the byte elsewhere, so this cannot disagree. */
export interface PageFigure {
  /** The document in the clone. */
  readonly page: string;
  readonly place: Place;
  /** @throws Error where the table has another shape than it had */
  figureOf(table: Table): Figure;
}

const sides =
  'Points are means, lines their 95 % intervals: blue is above no difference, orange below, grey cannot be told from it.';

/** Rows whose interval stands in a column, without those named in `without`. */
function intervalsOf(table: Table, names: string, values: string, without: readonly string[] = []): NamedInterval[] {
  const cells = column(table, values);
  const rows = column(table, names).flatMap((name, i) => {
    const interval = intervalIn(cells[i] as string);
    return interval && !without.includes(name) ? [{ name, ...interval }] : [];
  });
  if (rows.length < 3)
    throw new Error(`the column "${values}" of the table in line ${table.line} has ${rows.length} intervals`);
  return rows;
}

const methods = (name: string, heading: string, what: string): PageFigure => ({
  page: 'docs/methods.md',
  place: { heading },
  figureOf: (table) =>
    intervalsFigure({
      name,
      title: `Validation loss lower than dense Adam's by, ${what}`,
      caption: `${sides} Three seeds; rates tuned for each.`,
      axis: 'lower than dense Adam by, nats per character',
      equal: 0,
      rows: intervalsOf(table, 'method', 'lower than dense Adam by', ['Adam, dense']),
    }),
});

const adapters = (name: string, heading: string, what: string): PageFigure => ({
  page: 'docs/adapters.md',
  place: { heading },
  figureOf: (table) =>
    intervalsFigure({
      name,
      title: `Validation loss lower than LoRA's by: ${what}`,
      caption: `${sides} Five seeds; rates tuned for each. The row "none", the base itself, is far to the left and left out.`,
      axis: 'lower than LoRA by, nats per character',
      equal: 0,
      rows: intervalsOf(table, 'method', 'lower than LoRA by', ['none']),
    }),
});

/** A curve for each row, its points under the headings that `xOf` finds a place for. */
function curvesOfRows(
  table: Table,
  labelOf: (row: readonly string[]) => string | null,
  xOf: (heading: string) => number | string | null,
) {
  const places = table.columns.map(xOf);
  return table.rows.flatMap((row) => {
    const label = labelOf(row);
    if (label === null) return [];
    const points = places.flatMap((x, i): CurvePoint[] => (x === null ? [] : [{ x, y: numberIn(row[i] as string) }]));
    return [{ label, points }];
  });
}

const refresh: PageFigure = {
  page: 'docs/results.md',
  place: { heading: 'Flora: new projections, and what becomes of the momentum, on a linear teacher' },
  figureOf: (table) =>
    curvesFigure({
      name: 'refresh-linear',
      title: 'What is left of a linear teacher, by the steps between new projections',
      caption:
        'Relative squared error after 1500 steps of momentum 0.9, by rank and by what becomes of the momentum at a refresh.',
      x: { title: 'κ, steps between new projections' },
      y: { title: 'what is left, ‖W − W*‖²/‖W*‖²', log: true },
      curves: curvesOfRows(
        table,
        ([rank, policy]) => (rank === '' ? null : `rank ${rank}, ${policy}`),
        (heading) => (heading === 'never' ? heading : (numberIn(heading.replace(/^every /, '')) ?? null)),
      ),
    }),
};

const state: PageFigure = {
  page: 'docs/results.md',
  place: { heading: 'Flora: the state is sublinear in the size of the model' },
  figureOf: (table) =>
    curvesFigure({
      name: 'state',
      title: 'Bytes of optimizer state for one weight n × n, rank 16',
      caption: 'Counted, not measured. Where n doubles, a dense state grows fourfold and a compressed one doubles.',
      x: { title: 'n', log: true },
      y: { title: 'bytes of state', log: true },
      curves: curvesOfRows(
        table,
        ([name]) => name as string,
        (heading) => numberIn(heading.replace(/^n = /, '')),
      ),
    }),
};

/** Stages of the rows of PeriodicLoRA; LoRA alone is one stage. */
function stagesOf(table: Table): { readonly stages: number; readonly row: number }[] {
  return column(table, 'method').flatMap((name, row) => {
    const stages = name === 'LoRA' ? 1 : numberIn(/^PeriodicLoRA, (\d+) stages$/.exec(name)?.[1] ?? '');
    return stages === null ? [] : [{ stages, row }];
  });
}

const stages = (name: string, index: number, what: string): PageFigure => ({
  page: 'docs/results.md',
  place: { heading: 'PeriodicLoRA: stages add up to more than the rank', index },
  figureOf: (table) => {
    const gains = column(table, 'gain over none');
    const rows = stagesOf(table);
    if (rows.length < 4) throw new Error(`the table in line ${table.line} has ${rows.length} numbers of stages`);
    const floors = table.columns.includes('floor') ? column(table, 'floor') : null;
    const wide = column(table, 'method').indexOf('LoRA r 8');
    return curvesFigure({
      name,
      title: `PeriodicLoRA by its stages: ${what}`,
      caption: floors
        ? 'Dashed is the least loss that a change of the rank of all stages together can have.'
        : 'One stage is LoRA.',
      x: { title: 'stages', log: true },
      y: { title: 'log₁₀ of the loss, lower than before by' },
      curves: [
        {
          label: 'rank 2, in stages',
          points: rows.map(({ stages, row }) => ({ x: stages, ...required(gains[row] as string) })),
          ...(floors && {
            theory: rows.map(({ stages, row }) => ({ x: stages, y: -numberOf(floors[row] as string) })),
          }),
        },
      ],
      levels: [{ label: 'LoRA of rank 8', y: required(gains[wide] ?? '').y }],
    });
  },
});

function required(cell: string): { readonly y: number; readonly low: number; readonly high: number } {
  const interval = intervalIn(cell);
  if (!interval) throw new Error(`"${cell}" is in a place of a number with its interval`);
  return interval;
}

const firstOrder: PageFigure = {
  page: 'docs/results.md',
  place: { heading: 'LoRA: to first order it is a random projection of the gradient' },
  figureOf: (table) => {
    const rates = column(table, 'rate').map(numberOf);
    const lists = column(table, 'relative deviation, by seed').map((cell) => cell.split(', ').map(numberOf));
    const seeds = lists[0]?.length ?? 0;
    return curvesFigure({
      name: 'lora-projection',
      title: 'LoRA less a random projection of the gradient, by the learning rate',
      caption: 'Relative deviation after 20 steps. A slope of 2 says that it is of second order in the rate.',
      x: { title: 'learning rate', log: true },
      y: { title: '‖ΔW − ΔW_FA‖/‖ΔW_FA‖', log: true },
      curves: Array.from({ length: seeds }, (_, seed) => ({
        label: `seed ${seed}`,
        points: rates.map((x, i) => ({ x, y: lists[i]?.[seed] ?? null })),
      })),
    });
  },
};

const peers: PageFigure = {
  page: 'docs/benchmarks.md',
  place: { heading: 'Node 20' },
  figureOf: (table) => {
    const named = column(table, 'best peer');
    const rows = intervalsOf(table, 'case', 'its time ÷ floragrad');
    const cases = column(table, 'case');
    return intervalsFigure({
      name: 'best-peer',
      title: 'Time of the best JavaScript peer divided by floragrad’s',
      caption: 'Medians over the rounds, with the least and the largest. Right of 1 floragrad is faster.',
      axis: 'time of the best peer ÷ time of floragrad, Node 20, one thread',
      equal: 1,
      rows: rows.map((row) => ({ ...row, name: `${row.name} · ${named[cases.indexOf(row.name)]}` })),
    });
  },
};

/** All figures, in the order of their pages. */
export const pageFigures: readonly PageFigure[] = [
  state,
  refresh,
  firstOrder,
  stages('stages-linear', 0, 'a linear layer, shift of full rank'),
  stages('stages-mlp', 1, 'an MLP, shift of full rank'),
  methods('methods-equal-rank', 'At equal rank 16', 'at equal rank 16'),
  methods('methods-equal-bytes', 'At equal bytes of state', 'at equal bytes of state'),
  adapters('adapters-backwards', 'Where rank limits: the text backwards', 'the text backwards, rank 2'),
  adapters('adapters-lower-case', 'Where it does not: the text without capitals', 'the text without capitals, rank 8'),
  peers,
];
