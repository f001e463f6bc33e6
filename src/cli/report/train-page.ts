import { escapeHtml } from '../../report/escape';
import { barChart, type Chart, figure, htmlTable, page } from '../../report/page';
import { percent } from '../../study/numbers';
import { bytes, nats } from '../terminal/format';
import type { Comparison } from '../train/comparison';
import type { TrainOutput } from '../train/output';
import { runName, runTitle, seedsOf } from '../train/plan';
import { explainResults, gateLines, groupRuns, lossOf, type RunGroup, runColumns, wordsLine } from '../train/summary';
import { lossChart } from './loss-chart';
import { repeat } from './repeat';

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
${output.sample === '' ? '' : `<h2>Text written by ${escapeHtml(runTitle(output.writer, seedsOf(output.runs)))}</h2>\n<pre>${escapeHtml(output.sample.trim())}</pre>\n${output.words ? `<p class="note">${wordsLine(output.words)}</p>` : ''}`}
${repeat(output.command, output.backend)}`;
  return page('Compressed gradients compared', body, [lossCurves(output, groups)]);
}

/** The comparison in one sentence, where there is one to make: compressed at the highest rank against dense. */
function headline(groups: readonly RunGroup[]): string {
  const compressed = groups.findLast(({ comparison, runs }) => comparison?.compressed === runs[0]?.optimizer);
  const { dense: name, control, what } = compressed?.comparison ?? {};
  const dense = groups.find((group) => group.name === name);
  if (!compressed || !dense) return '';
  const state = (group: RunGroup): number => group.runs[0]?.stateBytes ?? 0;
  const loss = (group: RunGroup): string => nats(lossOf(group));
  const none = groups.find((group) => group.name === control);
  const without = none ? ` Without ${what} it reached ${loss(none)}, with ${bytes(state(none))}.` : '';
  const gate = gateLines(groups, compressed.comparison as Comparison).slice(1);
  return `<p class="headline"><strong>${escapeHtml(compressed.name)}</strong> kept ${bytes(state(compressed))} of optimizer state where dense
${dense.name} kept ${bytes(state(dense))} (${percent(state(compressed) / state(dense))} of it), and reached ${loss(compressed)} where dense reached ${loss(dense)}.${without}
${escapeHtml(gate.join(' '))}</p>`;
}

function lossCurves({ runs, task }: TrainOutput, groups: readonly RunGroup[]): Chart {
  const seeds = seedsOf(runs);
  const curves = runs.map((run) => ({
    run,
    label: runTitle(run, seeds),
    colour: groups.findIndex(({ name }) => name === runName(run)),
  }));
  return lossChart(curves, [
    { label: `counting characters ${nats(task.unigramEntropy)}`, y: task.unigramEntropy },
    { label: `counting pairs ${nats(task.bigramEntropy)}`, y: task.bigramEntropy },
  ]);
}
