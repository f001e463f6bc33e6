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
  const chart = lossCurves(output);
  const body = `
<p class="lead">The model in <strong>${escapeHtml(output.base)}</strong> learned <strong>${escapeHtml(output.data)}</strong>, once for each method,
from the same weights on the same batches.</p>
${chart ? `<h2>Training loss</h2>\n${figure('loss', drawn)}\n` : ''}<h2>Results</h2>
${htmlTable('Every method after the last step', fineTuneColumns, groups)}
<p class="note">${escapeHtml(explainFineTuning(output).join(' '))}</p>
<h2>Memory</h2>
<div class="columns">${bars('Optimizer state', 'stateBytes')}${bars('Peak in training', 'peakBytes')}</div>
${repeat(output.command, output.backend)}`;
  return page('Ways to fine-tune compared', body, chart ? [chart] : []);
}

const drawn = 'Lines: training loss. Diamonds: validation loss at the end. Click a name to hide its curve.';

/** What was trained, a curve each; what was not, a level. Null where nothing was. */
function lossCurves({ runs }: FineTuneOutput): Chart | null {
  const several = seedsOf(runs) > 1;
  const names = groupResults(runs).map(({ method }) => method);
  const trained = runs.filter(({ steps }) => steps > 0);
  const still = groupResults(runs.filter(({ steps }) => steps === 0));
  if (trained.length === 0) return null;
  return lossChart(
    trained.map((run) => ({ run, label: resultTitle(run, several), colour: names.indexOf(run.method) })),
    still.map(({ method, runs: [run] }) => ({ label: method, y: run?.validationLoss as number })),
  );
}
