import { cases } from '../cases';
import type { Result, Standing } from './contest';
import { pairedRatios, spread } from './statistics';

/** A result as the rows of a table: what the terminal and the page both show. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** One row for each contestant: time, rate, ratios to ours with their spread, and memory where the case asks for it. */
export function tableOf({ name, effort, standings, failures }: Result): Table {
  const { work, memory = false, tolerance } = cases.find((one) => one.name === name) ?? { tolerance: Number.NaN };
  const ours = standings[0];
  const baseline = standings.find(({ label }) => label.includes('baseline build'));
  const heap =
    standings.some(({ heapBytes }) => heapBytes !== null) && standings.every(({ heapBytes }) => heapBytes !== null);
  const head = [
    'contestant',
    'median',
    ...(work ? [work.unit] : []),
    `time ÷ ${ours?.label ?? ''}`,
    ...(baseline ? ['÷ baseline build'] : []),
    ...(memory ? ['peak memory'] : []),
    ...(heap ? ['peak bytes beside it'] : []),
  ];
  const rows = standings.map((standing) => {
    const { label, seconds, residentBytes, heapBytes } = standing;
    const { median } = spread(seconds);
    return [
      label,
      time(median),
      ...(work ? [(work.amount / median / 1e9).toPrecision(3)] : []),
      ratio(standing, ours),
      ...(baseline ? [ratio(standing, baseline)] : []),
      ...(memory ? [bytes(residentBytes)] : []),
      ...(heap ? [bytes(heapBytes)] : []),
    ];
  });
  const largest = Math.max(...standings.map(({ difference }) => difference));
  const agreement = Number.isFinite(tolerance)
    ? `; outcomes agree to ${largest.toExponential(1)} (${tolerance} allowed)`
    : '';
  return {
    title: name,
    head,
    rows,
    notes: [
      `${effort.rounds} rounds${agreement}`,
      ...failures.map(({ label, reason }) => `${label} is out: ${reason.split('\n')[0]}`),
    ],
  };
}

/** The best peer of each case, and its time divided by ours with either build. Null where no case has a peer. */
export function summaryOf(results: readonly Result[]): Table | null {
  const rows = results.flatMap(({ name, standings }) => {
    const [best] = standings
      .filter(({ peer }) => peer)
      .sort((a, b) => spread(a.seconds).median - spread(b.seconds).median);
    const ours = standings[0];
    if (!best || !ours || ours.peer) return [];
    const baseline = standings.find(({ label }) => label.includes('baseline build'));
    return [[name, best.label, ratio(best, ours), baseline ? ratio(best, baseline) : '']];
  });
  if (rows.length === 0) return null;
  return {
    title: 'The best JavaScript peer of each case',
    head: ['case', 'best peer', 'its time ÷ floragrad', '÷ baseline build'],
    rows,
    notes: ['above 1 floragrad is faster'],
  };
}

/** Median of the paired ratios, and their range. */
function ratio(standing: Standing, to: Standing | undefined): string {
  if (!to || standing === to) return '1';
  const { median, min, max } = spread(pairedRatios(standing.seconds, to.seconds));
  const range = standing.seconds.length > 1 ? `${show(min)}–${show(max)}` : 'one round';
  return `${show(median)} (${range})`;
}

const show = (ratio: number): string => (ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0));

function time(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${(seconds * 1e6).toPrecision(3)} µs`;
}

export function bytes(count: number | null): string {
  if (count === null) return 'unknown';
  return count < 2 ** 20
    ? `${(count / 2 ** 10).toFixed(0)} KiB`
    : `${(count / 2 ** 20).toFixed(count < 2 ** 25 ? 1 : 0)} MiB`;
}

/** For a terminal: columns aligned, numbers to the right. */
export function asText({ title, head, rows, notes }: Table): string {
  const widths = widthsOf(head, rows);
  const line = (cells: readonly string[]): string => aligned(cells, widths).join('   ').trimEnd();
  return [title, ...[head, ...rows].map((cells) => `  ${line(cells)}`), ...notes.map((note) => `  (${note})`), ''].join(
    '\n',
  );
}

/** For the page, aligned as the formatter of the repository does it. */
export function asMarkdown({ title, head, rows, notes }: Table): string {
  const widths = widthsOf(head, rows);
  const line = (cells: readonly string[]): string => `| ${aligned(cells, widths).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [
    `### ${title}`,
    '',
    line(head),
    `| ${rule.join(' | ')} |`,
    ...rows.map(line),
    '',
    `${notes.join('. ')}.`,
    '',
  ].join('\n');
}

function widthsOf(head: readonly string[], rows: Table['rows']): readonly number[] {
  return head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
}

/** Names to the left, numbers to the right. */
function aligned(cells: readonly string[], widths: readonly number[]): string[] {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
}
