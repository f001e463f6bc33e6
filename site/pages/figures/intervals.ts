import type { Figure } from '../../../src/study/figure';
import { colours, figureLook, labelSize, quiet, wrapped } from '../../../src/study/figure-look';
import type { Interval } from './table';

/** A row of a figure of intervals. */
export interface NamedInterval extends Interval {
  readonly name: string;
}

/** What is drawn, and how it is said. */
export interface IntervalsOptions {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  /** What is along the axis, with its unit. */
  readonly axis: string;
  /** Where "no difference" is: 0, or 1 for a ratio, whose axis is logarithmic. */
  readonly equal: 0 | 1;
  readonly rows: readonly NamedInterval[];
}

/** Pixels for a row, and across. */
const [row, across] = [19, 300] as const;

/** A line for each name: its value, its interval, and where there is no difference; the largest is at the top. */
export function intervalsFigure({ name, title, caption, axis, equal, rows }: IntervalsOptions): Figure {
  const sorted = [...rows].sort((a, b) => b.y - a.y);
  const scale = equal === 1 ? { type: 'log', nice: false } : { zero: false, nice: true };
  const x = {
    field: 'y',
    type: 'quantitative',
    scale,
    axis: { title: wrapped(axis, 40), grid: true, tickCount: 5, format: '~g' },
  };
  const y = {
    field: 'name',
    type: 'nominal',
    sort: sorted.map((one) => one.name),
    axis: { title: null, labelLimit: 0, labelFontSize: labelSize - 1, ticks: false, domain: false },
  };
  // Grey: the interval holds what "no difference" is.
  const told = `datum.low > ${equal} ? 'above' : datum.high < ${equal} ? 'below' : 'untold'`;
  const color = {
    field: 'told',
    type: 'nominal',
    legend: null,
    scale: { domain: ['above', 'below', 'untold'], range: [colours[0], colours[1], quiet] },
  };
  return {
    name,
    title,
    caption,
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      title: { text: wrapped(title, 56), frame: 'bounds' }, // names are long: it begins above them
      ...figureLook,
      data: { values: sorted },
      transform: [{ calculate: told, as: 'told' }],
      width: across,
      height: { step: row },
      layer: [
        {
          mark: { type: 'rule', color: quiet, strokeDash: [4, 3] },
          encoding: { x: { ...x, field: undefined, datum: equal } },
        },
        {
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' }, y, color },
        },
        { mark: { type: 'point', filled: true, size: 55, opacity: 1 }, encoding: { x, y, color } },
      ],
    },
  };
}
