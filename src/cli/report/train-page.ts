import { bytes, nats, percent } from '../terminal/format';
import type { TrainOutput } from '../train/output';
import {
  backendLine,
  explainResults,
  groupRuns,
  lossOf,
  type RunGroup,
  runColumns,
  runName,
  runTitle,
  seedsOf,
} from '../train/summary';
import { barChart, type Chart, escapeHtml, figure, htmlTable, page, paletteSize } from './page';

/** The report of `floragrad train`. */
export function trainPage(output: TrainOutput): string {
  const groups = groupRuns(output);
  const { task, model } = output;
  const bars = (caption: string, field: 'stateBytes' | 'peakBytes'): string =>
    barChart(
      caption,
      groups.map(({ name, runs }) => ({
        label: name,
        value: runs[0]?.[field] ?? 0,
        text: bytes(runs[0]?.[field] ?? 0),
      })),
    );
  const body = `
<p class="lead">A GPT of ${model.parameters.toLocaleString('en-US')} parameters (${model.layers} layers of width ${model.width}) learned to write
<strong>${escapeHtml(task.data)}</strong> character by character, once for each optimizer, from the same weights on the same batches.</p>
${headline(groups)}
<h2>Training loss</h2>
${figure('loss', 'Lines: training loss. Diamonds: validation loss at the end. Dashed: what counting single characters, and counting pairs, would score. Click a name to hide its curve.')}
<h2>Results</h2>
${htmlTable('Every optimizer after the last step', runColumns, groups)}
${explainResults(output)
  .map((line) => `<p class="note">${escapeHtml(line)}</p>`)
  .join('\n')}
<h2>Memory</h2>
<div class="columns">${bars('Optimizer state', 'stateBytes')}${bars('Peak of the whole run', 'peakBytes')}</div>
${output.sample === '' ? '' : `<h2>Text written by ${escapeHtml(runTitle(output.writer, seedsOf(output.runs)))}</h2>\n<pre>${escapeHtml(output.sample.trim())}</pre>`}
<h2>Repeat this</h2>
<pre><code>${escapeHtml(output.command)}</code></pre>
<p class="note">Backend: ${escapeHtml(backendLine(output.backend))}</p>`;
  return page('Compressed gradients compared', body, [lossChart(output, groups)]);
}

/** The comparison in one sentence, where there is one to make: Flora of the highest rank against Adafactor. */
function headline(groups: readonly RunGroup[]): string {
  const dense = groups.find(({ name }) => name === 'adafactor');
  const flora = groups.findLast(({ gap }) => gap !== null);
  if (!dense || !flora || flora.gap === null) return '';
  const state = (group: RunGroup): number => group.runs[0]?.stateBytes ?? 0;
  const loss = (group: RunGroup): string => nats(lossOf(group));
  const none = groups.find(({ name }) => name === 'none');
  const control = none ? ` Without momentum it reached ${loss(none)}, with ${bytes(state(none))}.` : '';
  return `<p class="headline"><strong>${escapeHtml(flora.name)}</strong> kept ${bytes(state(flora))} of optimizer state where dense
adafactor kept ${bytes(state(dense))} (${percent(state(flora) / state(dense))} of it), and reached ${loss(flora)} where dense reached ${loss(dense)}.${control}</p>`;
}

function lossChart({ runs, task }: TrainOutput, groups: readonly RunGroup[]): Chart {
  const seeds = seedsOf(runs);
  const steps = Math.max(...runs.map((run) => run.steps));
  return {
    id: 'loss',
    x: Array.from({ length: steps }, (_, i) => i + 1),
    xLabel: 'step',
    yLabel: 'nats per character',
    smooth: true,
    series: runs.map((run) => ({
      label: runTitle(run, seeds),
      colour: groups.findIndex(({ name }) => name === runName(run)) % paletteSize,
      values: run.trainLoss.map((loss) => Number(loss.toPrecision(5))),
      mark: { x: run.steps, y: run.validationLoss },
    })),
    levels: [
      { label: `counting characters ${nats(task.unigramEntropy)}`, y: task.unigramEntropy },
      { label: `counting pairs ${nats(task.bigramEntropy)}`, y: task.bigramEntropy },
    ],
  };
}
