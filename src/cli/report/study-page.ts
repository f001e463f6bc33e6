import { escapeHtml } from '../../report/escape';
import { htmlTable, page } from '../../report/page';
import type { Figure } from '../../study/figure';
import type { Column } from '../../study/table';
import { csvOf } from '../figures/csv';

/** A figure, and its drawing where there was time for one. */
interface DrawnFigure {
  readonly figure: Figure;
  readonly svg: string | null;
}

/** What the report of a question shows, from its top to its end. */
export interface StudyPage<Row extends object> {
  readonly title: string;
  /** Why a report has less than was asked for: interrupted after 3 of 12 rows. */
  readonly partial?: string | undefined;
  /** What was done, in sentences. */
  readonly lead: string;
  /** The answer in a sentence, where there is one. */
  readonly headline?: string | undefined;
  readonly figures: readonly DrawnFigure[];
  /** All numbers. */
  readonly table: { readonly caption: string; readonly columns: readonly Column<Row>[]; readonly rows: readonly Row[] };
  /** The rows to save, where those of the table are put together of others. */
  readonly numbers?: readonly object[] | undefined;
  /** What a reader must know to read the numbers. */
  readonly notes: readonly string[];
  /** The command line, to repeat it. */
  readonly command: string;
}

/** The report of a question: one HTML file, which asks the network for nothing and needs no script. */
export function studyPage<Row extends object>(study: StudyPage<Row>): string {
  const { title, partial, lead, headline, figures, table, notes, command, numbers = table.rows } = study;
  const body = [
    partial === undefined ? '' : `<p class="partial" role="status">${escapeHtml(partial)}</p>`,
    `<p class="lead">${escapeHtml(lead)}</p>`,
    headline === undefined ? '' : `<p class="headline">${escapeHtml(headline)}</p>`,
    figures.length === 0 ? '' : '<h2>Figures</h2>',
    `<div class="figures">${figures.map((one) => figureBlock(one, command)).join('\n')}</div>`,
    '<h2>All numbers</h2>',
    htmlTable(table.caption, table.columns, table.rows),
    saves([link('rows.csv', 'CSV', csvOf(numbers)), link('rows.json', 'JSON', json(numbers))]),
    ...notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`),
    `<h2>Repeat this</h2>\n${commandBlock(command)}`,
  ];
  return page(title, body.filter((part) => part !== '').join('\n'), [], 'study');
}

function figureBlock({ figure, svg }: DrawnFigure, command: string): string {
  const { name, title, caption, spec } = figure;
  const tables = tablesOf(figure);
  const rows = tables.flatMap(([table, list]) => list.map((row) => ({ table, ...row })));
  const links = [
    ...(svg === null ? [] : [link(`${name}.svg`, 'SVG', svg)]),
    link(`${name}.csv`, 'CSV', csvOf(rows)),
    link(`${name}.json`, 'JSON', json(Object.fromEntries(tables))),
    link(`${name}.vl.json`, 'Vega-Lite', json(spec)),
  ];
  const undrawn = `<p class="note">${escapeHtml(title)}: there was no time to draw this figure; its numbers are below.</p>`;
  return `<figure>
${svg ?? undrawn}
<figcaption>${escapeHtml(caption)}</figcaption>
<details><summary>Numbers of this figure</summary>
${tables.map(([table, list]) => dataTable(`${title}: ${table}`, list)).join('\n')}
</details>
${saves(links)}
${commandBlock(command)}
</figure>`;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/** The rows inside a specification, by the name of their table. */
function tablesOf({ spec }: Figure): [name: string, rows: Rows][] {
  const { datasets = {}, data } = spec as { datasets?: Record<string, Rows>; data?: { values?: Rows } };
  return [...Object.entries(datasets), ...(data?.values ? [['data', data.values] as [string, Rows]] : [])];
}

function dataTable(caption: string, rows: Rows): string {
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = fields.map(
    (field): Column<Rows[number]> => ({
      heading: field,
      align: rows.every((row) => typeof row[field] !== 'string') ? 'right' : 'left',
      cell: (row) => shown(row[field]),
    }),
  );
  return htmlTable(caption, columns, rows);
}

/** Six digits are enough to look at; what is saved has all. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const types: Readonly<Record<string, string>> = {
  svg: 'image/svg+xml;charset=utf-8',
  csv: 'text/csv;charset=utf-8',
  json: 'application/json;charset=utf-8',
};

/** A file inside the page, to be saved. */
function link(file: string, words: string, text: string): string {
  const type = types[file.slice(file.lastIndexOf('.') + 1)] as string;
  const href = `data:${type};base64,${Buffer.from(text).toString('base64')}`;
  return `<a download="${escapeHtml(file)}" href="${href}">${words}</a>`;
}

const saves = (links: readonly string[]): string => `<p class="note">Save as ${links.join(', ')}</p>`;

/** Lists of names are long, and break between names. */
function commandBlock(command: string): string {
  return `<pre><code>${escapeHtml(command).replace(/,(?=[a-z])/gi, ',<wbr>')}</code></pre>`;
}
