import type { RefreshRow } from '../../study/refresh-table';
import { curvesOf, explainRefresh, refreshColumns } from '../study/refresh-summary';
import { escapeHtml } from './escape';
import { type Chart, figure, htmlTable, page, paletteSize, repeat } from './page';

/** The report of `floragrad study refresh`: what is left, over the interval, for each rank. */
export function refreshPage(rows: readonly RefreshRow[], command: string): string {
  const ranks = [...new Set(rows.map(({ rank }) => rank))];
  const charts = ranks.map((rank) =>
    refreshChart(
      rank,
      rows.filter((row) => row.rank === rank),
    ),
  );
  const body = `
<p class="lead">A linear teacher of full rank is learned by momentum in a subspace that is drawn anew from time to time. How much is
left at the end depends on how often, and on what becomes of the momentum.</p>
${charts.map((chart, i) => `<h2>Rank ${ranks[i]}</h2>\n${figure(chart.id, 'What is left of the teacher. Dashed: with one projection for good. A point that is missing diverged.')}`).join('\n')}
<h2>All numbers</h2>
${htmlTable('What is left of the teacher', refreshColumns(rows), curvesOf(rows))}
${explainRefresh.map((line) => `<p class="note">${escapeHtml(line)}</p>`).join('\n')}
${repeat(command)}`;
  return page('Does refreshing help?', body, charts);
}

function refreshChart(rank: number, rows: readonly RefreshRow[]): Chart {
  const at = (interval: RefreshRow['refreshEvery'], policy: string): number | null =>
    rows.find((row) => row.refreshEvery === interval && row.onRefresh === policy)?.error ?? null;
  const intervals = [...new Set(rows.map(({ refreshEvery }) => refreshEvery))].filter((x) => x !== 'never');
  const policies = [...new Set(rows.map(({ onRefresh }) => onRefresh))];
  const never = policies.map((policy) => at('never', policy)).find((x) => x !== null);
  return {
    id: `refresh-${rank}`,
    x: intervals.toSorted((a, b) => a - b),
    xLabel: 'steps between projections',
    yLabel: 'left of the teacher',
    log: true,
    series: policies.map((policy, i) => ({
      label: policy,
      colour: i % paletteSize,
      values: intervals.toSorted((a, b) => a - b).map((interval) => at(interval, policy)),
    })),
    ...(never !== undefined && never !== null && { levels: [{ label: 'never', y: never }] }),
  };
}
