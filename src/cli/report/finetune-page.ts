import { escapeHtml } from '../../report/escape';
import { barChart, type Chart, figure, htmlTable, page } from '../../report/page';
import {
  explainFineTuning,
  type FineTuneOutput,
  fineTuneColumns,
  groupResults,
  resultTitle,
} from '../finetune/summary';
import { bytes, meanOf } from '../terminal/format';
import { seedsOf } from '../train/plan';
import { lossChart } from './loss-chart';
import { repeat } from './repeat';

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
${repeat(output.command, output.backend)}`;
  return page('Ways to fine-tune compared', body, [lossCurves(output)]);
}

function lossCurves({ runs }: FineTuneOutput): Chart {
  const several = seedsOf(runs) > 1;
  const names = groupResults(runs).map(({ method }) => method);
  return lossChart(runs.map((run) => ({ run, label: resultTitle(run, several), colour: names.indexOf(run.method) })));
}
