/// <reference path="./raw.d.ts" />
// Programs of TypeScript that begin at an entry, as the one that writes declarations, find the types of ?raw by this line.
import uPlotScript from 'uplot/dist/uPlot.iife.min.js?raw';
import uPlotStyle from 'uplot/dist/uPlot.min.css?raw';
import type { Column } from '../study/table';
import chartScript from './charts.browser.js?raw';
import { escapeHtml } from './escape';
import style from './style.css?raw';

/** A line chart; `charts.browser.js` draws it. */
export interface Chart {
  /** The id of the element it is drawn in. */
  readonly id: string;
  readonly x: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** Offer a slider that averages over neighbouring points. */
  readonly smooth?: boolean;
  /** Draw through the places where a curve has no point, for curves of different steps. */
  readonly through?: boolean;
  /** Heights as logarithms; every value is then above 0. */
  readonly log?: boolean;
  readonly series: readonly Series[];
  /** Horizontal lines to compare with. */
  readonly levels?: readonly { readonly label: string; readonly y: number }[];
}

interface Series {
  readonly label: string;
  /** Index into the palette. */
  readonly colour: number;
  readonly values: readonly (number | null)[];
  /** A single point beside the curve, for example its validation loss. */
  readonly mark?: { readonly x: number; readonly y: number };
}

/** One HTML file with everything inside: it opens offline and asks the network for nothing. */
export function page(title: string, body: string, charts: readonly Chart[], kind = 'runs'): string {
  const [drawingStyle, drawing] = charts.length === 0 ? ['', ''] : [`${uPlotStyle}\n`, chartScripts(charts)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${drawingStyle}${style}</style>
</head>
<body class="${kind}">
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
${drawing}</body>
</html>
`;
}

function chartScripts(charts: readonly Chart[]): string {
  return `<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll('<', '\\u003c')}</script>
<script>${uPlotScript}</script>
<script>${chartScript}</script>
`;
}

/** Where a chart of that id will be drawn. */
export function figure(id: string, caption: string): string {
  return `<figure><div id="${escapeHtml(id)}" class="chart"></div><figcaption>${caption}</figcaption></figure>`;
}

export function htmlTable<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const align = ({ align }: Column<Row>): string => (align === 'right' ? ' class="number"' : '');
  const head = columns.map((column) => `<th scope="col"${align(column)}>${escapeHtml(column.heading)}</th>`);
  const line = (row: Row): string =>
    columns
      .map((column, i) => [i === 0 ? 'th scope="row"' : 'td', i === 0 ? 'th' : 'td', column] as const)
      .map(([open, close, column]) => `<${open}${align(column)}>${escapeHtml(column.cell(row))}</${close}>`)
      .join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${head.join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${line(row)}</tr>`).join('\n')}</tbody>
</table></div>`;
}

/** Horizontal bars from zero, the longest as wide as there is room. */
export function barChart(caption: string, bars: readonly { label: string; value: number; text: string }[]): string {
  const longest = Math.max(1, ...bars.map((bar) => bar.value));
  const rows = bars.map(
    ({ label, value, text }, i) => `<div class="bar"><dt>${escapeHtml(label)}</dt><dd>
<span class="fill" style="width:${((100 * value) / longest).toFixed(2)}%;background:var(--series-${i % paletteSize})"></span>
<span class="amount">${escapeHtml(text)}</span></dd></div>`,
  );
  return `<section class="bars"><h3>${escapeHtml(caption)}</h3><dl>${rows.join('\n')}</dl></section>`;
}

/** Colours in style.css. */
export const paletteSize = 8;
