import { rounding } from '../../study';
import { explainStudy, meanSeen, type StudyRow, studyColumns } from '../study/error-summary';
import { escapeHtml } from './escape';
import { type Chart, figure, htmlTable, page, paletteSize, repeat } from './page';

/** The report of `floragrad study`: charts for each shape of gradient, then all numbers. */
export function errorPage(rows: readonly StudyRow[], command: string): string {
  const shapes = [...new Set(rows.map(({ gradient }) => gradient))];
  const names = [...new Set(rows.map(({ projector }) => projector))];
  // No more projectors in a chart than there are colours.
  const groups = Array.from({ length: Math.ceil(names.length / paletteSize) }, (_, i) =>
    names.slice(i * paletteSize, (i + 1) * paletteSize),
  );
  const charts = shapes.flatMap((shape) =>
    groups.map((group, i) => ({
      shape,
      chart: errorChart(
        `error-${shapes.indexOf(shape)}-${i}`,
        rows.filter((row) => row.gradient === shape && group.includes(row.projector)),
      ),
    })),
  );
  const figures = (shape: string): string =>
    charts
      .filter((one) => one.shape === shape)
      .map(({ chart }) => figure(chart.id, 'Points: measured mean squared error. Dashed: theory.'))
      .join('\n');
  const seen = rows.map(meanSeen);
  const [faults, declared] = [seen.filter((mean) => mean === 'fault'), seen.filter((mean) => mean === 'declared')];
  const own = declared.length > 0 ? ` ${declared.length} of ${rows.length} are biased by design, and say so.` : '';
  const verdict =
    faults.length === 0
      ? `No projection here shows a bias that it does not declare.${own}`
      : `${faults.length} of ${rows.length} rows show more bias than their theory declares and chance explains.${own}`;
  const body = `
<p class="lead">A gradient is projected down to a few numbers and up again. These are the errors of many independent
projections, beside the error that theory gives.</p>
<p class="headline">${escapeHtml(verdict)}</p>
${shapes.map((shape) => `<h2>Gradient ${escapeHtml(shape)}</h2>\n${figures(shape)}`).join('\n')}
<h2>All numbers</h2>
${htmlTable('Measured and theoretical error', studyColumns, rows)}
${explainStudy()
  .map((line) => `<p class="note">${escapeHtml(line)}</p>`)
  .join('\n')}
${repeat(command)}`;
  return page(
    'Projection error against theory',
    body,
    charts.map(({ chart }) => chart),
  );
}

function errorChart(id: string, rows: readonly StudyRow[]): Chart {
  const ranks = [...new Set(rows.map((row) => row.rank))].sort((a, b) => a - b);
  const names = [...new Set(rows.map((row) => row.projector))];
  // A logarithmic axis has no 0, and an error that is only rounding would stretch it beyond use.
  const positive = (x: number | undefined): number | null => (x !== undefined && x > rounding ? x : null);
  const series = names.flatMap((name, i) => {
    const at = ranks.map((rank) => rows.find((row) => row.projector === name && row.rank === rank));
    const colour = i % paletteSize;
    return [
      { label: name, colour, look: 'points' as const, values: at.map((row) => positive(row?.relativeMse)) },
      { label: `${name}, theory`, colour, look: 'dashed' as const, values: at.map((row) => positive(row?.theoryMse)) },
    ];
  });
  return { id, x: ranks, xLabel: 'rank', yLabel: 'relative squared error', log: true, series };
}
