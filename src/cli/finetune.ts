import { CharVocabulary } from '../data/char-vocabulary';
import { TextDataset } from '../data/text-dataset';
import { backend, OptionError, setThreads } from '../index';
import { loadCorpus } from './corpus';
import { methodNames, methods } from './finetune-methods';
import { baseOf, type FineTunePlan, type FineTuneResult, type FineTuneSettings, fineTune } from './finetune-run';
import { explainFineTuning, type FineTuneOutput, fineTuneColumns, groupResults } from './finetune-summary';
import { count, duration, nats } from './format';
import { type Io, screen } from './io';
import { loadModel } from './model-file';
import { commandLine, commonOptions, describeOptions, type OptionSpecs, parseOptions, threadOption } from './options';
import { outputFile } from './output-file';
import { trainingProgress } from './progress';
import { fineTunePage } from './report/finetune-page';
import { textTable } from './table';
import { backendLine } from './train-summary';
import { choice, list, positiveNumber, threadCount, wholeNumber } from './values';

const finetuneOptions = {
  data: { value: 'NAME|FILE', help: 'moby-dick, names, sotu, or a text file in UTF-8 [sotu]' },
  method: { value: 'LIST', help: `any of ${methodNames.join(', ')} [full,lora,plora,lors,flora]` },
  rank: { value: 'R', help: "rank of adapters and of Flora's projection [8]" },
  alpha: { value: 'X', help: 'scale of adapters, times 1/rank [16]' },
  sparsity: { value: 'X', help: 'share of the weights pruned before lors and its baselines, below 1 [0.5]' },
  stages: { value: 'N', help: 'stages of plora [4]' },
  steps: { value: 'N', help: 'optimizer steps of each run [300]' },
  batch: { value: 'N', help: 'windows of text in a step [8]' },
  'learning-rate': { value: 'X', help: 'peak learning rate of every method [one for each]' },
  seeds: { value: 'N', help: 'repeat every run with this many seeds, counted up from --seed [1]' },
  report: { value: 'FILE', help: 'where the report goes, one HTML page [finetune.html]' },
  ...threadOption,
  ...commonOptions,
} satisfies OptionSpecs;

const finetuneHelp = `floragrad finetune BASE.safetensors: teach a saved model another text, once for each method, and compare

BASE is what floragrad train --save wrote. Every run starts from its weights and sees the same
batches; lors and its baselines sqft, sp-lora and spp prune it first. Characters that the
model does not know become spaces.

${describeOptions(finetuneOptions)}

Example
  floragrad train --data moby-dick --optimizer adamw --save base.safetensors
  floragrad finetune base.safetensors --data sotu --method full,lora,plora,lors,flora
`;

export async function finetune([file, ...argv]: readonly string[], io: Io): Promise<void> {
  const asked = file === '--help' || file === '-h';
  if (!asked && (file === undefined || file.startsWith('-'))) throw noBase(file);
  const given = asked ? null : parseOptions('finetune', finetuneOptions, argv);
  if (given === null || file === undefined) return void io.stdout.write(finetuneHelp);
  const whole = (name: 'rank' | 'stages' | 'steps' | 'batch' | 'seeds', otherwise: number): number =>
    given[name] === undefined ? otherwise : wholeNumber(name, given[name], { low: 1 });
  const number = (name: 'alpha' | 'sparsity' | 'learning-rate'): number | undefined =>
    given[name] === undefined ? undefined : positiveNumber(name, given[name]);
  const settings: FineTuneSettings = {
    rank: whole('rank', 8),
    alpha: number('alpha') ?? 16,
    sparsity: shareOf(number('sparsity') ?? 0.5),
    stages: whole('stages', 4),
    steps: whole('steps', 300),
    learningRate: number('learning-rate'),
  };
  const chosen = list(given.method ?? 'full,lora,plora,lors,flora', (item) => choice('method', item, methodNames));
  const first = given.seed === undefined ? 0 : wholeNumber('seed', given.seed, { low: 0 });
  const seeds = Array.from({ length: whole('seeds', 1) }, (_, i) => first + i);
  const plans: FineTunePlan[] = seeds.flatMap((seed) => chosen.map((method) => ({ method, seed })));

  const out = screen(io, given.json);
  const { model, sizes, characters } = await loadModel(file, io.cwd);
  const corpus = await loadCorpus(given.data ?? 'sotu', io.cwd);
  const { text, replaced } = knownText(corpus.text, characters);
  const tokens = new CharVocabulary(characters.join('')).encode(text);
  const dataset = new TextDataset(tokens, { batch: whole('batch', 8), context: sizes.context });
  const report = await outputFile(given.report ?? 'finetune.html', io.cwd);
  const json = given.json === undefined || given.json === '-' ? null : await outputFile(given.json, io.cwd);
  const base = await baseOf(model, sizes);
  await setThreads(threadCount(given.threads));

  const fact = (name: string, said: string): void => out.line(`${out.paint.dim(name.padEnd(9))}${said}`);
  const size = Object.values(base.values).reduce((sum, { data }) => sum + data.length, 0);
  fact('base', `${file}, GPT with ${count(size)} parameters: ${sizes.layers} layers of width ${sizes.width}`);
  fact('data', `${corpus.name}, ${count(tokens.length)} characters, ${count(replaced)} of them unknown to the base`);
  fact('compare', `${chosen.join(', ')}${seeds.length > 1 ? `, each with ${seeds.length} seeds` : ''}`);
  fact('backend', `${backendLine(backend().describe())}\n`);

  const runs: FineTuneResult[] = [];
  for (const [i, plan] of plans.entries()) {
    out.line(
      out.paint.bold(`[${i + 1}/${plans.length}] ${plan.method}${seeds.length > 1 ? `, seed ${plan.seed}` : ''}`),
    );
    const shown = trainingProgress(out, settings.steps, dataset.batch * sizes.context);
    const run = await fineTune(plan, settings, base, dataset, shown.update).finally(shown.stop);
    out.line(`  validation loss ${nats(run.startLoss)} → ${nats(run.validationLoss)} in ${duration(run.seconds)}\n`);
    runs.push(run);
  }
  const output: FineTuneOutput = {
    base: file,
    data: corpus.name,
    replaced,
    settings: { ...settings, learningRate: settings.learningRate ?? null },
    learningRates: Object.fromEntries(chosen.map((m) => [m, settings.learningRate ?? methods[m].learningRate])),
    runs,
    command: commandLine('finetune', [file, ...argv]),
    backend: backend().describe(),
  };
  const [headings, rule, ...rows] = textTable(fineTuneColumns, groupResults(runs));
  out.line(out.paint.bold(headings));
  out.line(out.paint.dim(rule));
  for (const row of rows) out.line(row);
  out.line();
  for (const line of explainFineTuning(output)) out.line(out.paint.dim(line));
  await report.write(fineTunePage(output));
  await json?.write(`${JSON.stringify(output, null, 1)}\n`);
  if (given.json === '-') io.stdout.write(`${JSON.stringify(output)}\n`);
  out.line(`\nReport with the loss curves: ${out.paint.cyan(report.path)}`);
  if (json) out.line(`All numbers: ${out.paint.cyan(json.path)}`);
}

/** The text with a space for every character that the model does not know. */
function knownText(text: string, characters: readonly string[]): { text: string; replaced: number } {
  const known = new Set(characters);
  let replaced = 0;
  const kept = Array.from(text, (character) => {
    if (known.has(character)) return character;
    replaced++;
    return ' ';
  });
  return { text: kept.join(''), replaced };
}

function shareOf(sparsity: number): number {
  if (sparsity < 1) return sparsity;
  throw new OptionError({
    code: 'cli/number',
    got: `--sparsity got "${sparsity}"`,
    expected: 'a number above 0 and below 1',
    fix: 'pass another --sparsity',
  });
}

function noBase(file: string | undefined): OptionError {
  return new OptionError({
    code: 'cli/base',
    got: `floragrad finetune got ${file === undefined ? 'nothing' : `"${file}"`} where a file should be`,
    expected: 'a model first, as floragrad train --save wrote it',
    fix: 'floragrad finetune base.safetensors, or floragrad finetune --help',
  });
}
