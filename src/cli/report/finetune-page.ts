import { explainFineTuning, type FineTuneOutput, fineTuneColumns, groupResults } from '../finetune/summary';
import { bytes, meanOf } from '../terminal/format';
import { backendLine } from '../train/summary';
import { barChart, type Chart, escapeHtml, figure, htmlTable, page, paletteSize } from './page';

/** The report of `floragrad finetune`. */
export function fineTunePage(output: FineTuneOutput): string {
  const groups = groupResults(output.runs);
  const bars = (caption: string, field: 'stateBytes' | 'peakBytes'): string =>
    barChart(
      caption,
      groups.map(({ method, runs }) => {
        const value = meanOf(runs.map((run) => run[field])).mean;
        return { label: method, value, text: bytes(value) };
      }),
    );
  const body = `
<p class="lead">The model in <strong>${escapeHtml(output.base)}</strong> learned <strong>${escapeHtml(output.data)}</strong>, once for each method,
from the same weights on the same batches.</p>
<h2>Training loss</h2>
${figure('loss', 'Lines: training loss. Diamonds: validation loss at the end. Click a name to hide its curve.')}
<h2>Results</h2>
${htmlTable('Every method after the last step', fineTuneColumns, groups)}
<p class="note">${escapeHtml(explainFineTuning(output).join(' '))}</p>
<h2>Memory</h2>
<div class="columns">${bars('Optimizer state', 'stateBytes')}${bars('Peak in training', 'peakBytes')}</div>
<h2>Repeat this</h2>
<pre><code>${escapeHtml(output.command)}</code></pre>
<p class="note">Backend: ${escapeHtml(backendLine(output.backend))}</p>`;
  return page('Ways to fine-tune compared', body, [lossChart(output)]);
}

function lossChart({ runs }: FineTuneOutput): Chart {
  const several = new Set(runs.map((run) => run.seed)).size > 1;
  const names = groupResults(runs).map(({ method }) => method as string);
  return {
    id: 'loss',
    x: Array.from({ length: Math.max(...runs.map((run) => run.steps)) }, (_, i) => i + 1),
    xLabel: 'step',
    yLabel: 'nats per character',
    smooth: true,
    series: runs.map((run) => ({
      label: several ? `${run.method}, seed ${run.seed}` : run.method,
      colour: names.indexOf(run.method) % paletteSize,
      values: run.trainLoss.map((loss) => Number(loss.toPrecision(5))),
      mark: { x: run.steps, y: run.validationLoss },
    })),
  };
}
