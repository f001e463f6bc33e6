import { resolve } from 'node:path';
import { CharVocabulary } from '../../data/char-vocabulary';
import { TextDataset } from '../../data/text-dataset';
import { backend, OptionError, setThreads } from '../../index';
import { loadCorpus, textPath } from '../corpus';
import { checkApart, type NamedPath, namedPath } from '../files';
import { checkMemory, checkRuns } from '../limits';
import { loadModel } from '../model-file';
import { commandLine, commonOptions, describeOptions, type OptionSpecs, parseOptions, threadOption } from '../options';
import { optionalFile, outputFile } from '../output-file';
import { fineTunePage } from '../report/finetune-page';
import { count, duration, nats } from '../terminal/format';
import { type Io, printJson, screen } from '../terminal/io';
import { trainingProgress } from '../terminal/progress';
import { showTable } from '../terminal/table';
import { seedsFrom, trainingBounds } from '../train/options';
import { backendLine } from '../train/summary';
import { listOf, oneOf, positive, words } from '../values';
import { type MethodName, methodNames, methods } from './methods';
import { baseOf, type FineTunePlan, type FineTuneResult, type FineTuneSettings, fineTune } from './run';
import { explainFineTuning, type FineTuneOutput, fineTuneColumns, groupResults } from './summary';

const { rank, steps, batch, seeds, learningRate } = trainingBounds;

const finetuneOptions = {
  data: { value: 'NAME|FILE', of: words, otherwise: 'sotu', help: 'moby-dick, names, sotu, or a text file in UTF-8' },
  method: {
    value: 'LIST',
    of: listOf(oneOf(methodNames)),
    otherwise: ['full', 'lora', 'plora', 'lors', 'flora'],
    help: 'what is compared',
  },
  rank: { value: 'R', of: rank, otherwise: 8, help: "rank of adapters and of Flora's projection" },
  alpha: { value: 'X', of: positive({ upTo: 1e6 }), otherwise: 16, help: 'scale of adapters, times 1/rank' },
  sparsity: {
    value: 'X',
    of: positive({ below: 1 }),
    otherwise: 0.5,
    help: 'share of the weights pruned before lors and its baselines',
  },
  stages: { value: 'N', of: steps, otherwise: 4, help: 'stages of plora' },
  steps: { value: 'N', of: steps, otherwise: 300, help: 'optimizer steps of each run' },
  batch: { value: 'N', of: batch, otherwise: 8, help: 'windows of text in a step' },
  'learning-rate': {
    value: 'X',
    of: learningRate,
    help: 'peak learning rate of every method',
    shown: 'one for each',
  },
  seeds: {
    value: 'N',
    of: seeds,
    otherwise: 1,
    help: 'repeat every run with this many seeds, counted up from --seed',
  },
  report: { value: 'FILE', of: words, otherwise: 'finetune.html', help: 'where the report goes, one HTML page' },
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
  const parsed = asked ? null : parseOptions('finetune', finetuneOptions, argv);
  if (parsed === null || file === undefined) return void io.stdout.write(finetuneHelp);
  const { values } = parsed;
  const { rank, alpha, sparsity, stages, steps, 'learning-rate': learningRate, batch, json } = values;
  const settings: FineTuneSettings = { rank, alpha, sparsity, stages, steps, learningRate };
  const chosen = values.method as readonly MethodName[];
  const seeds = seedsFrom(values.seed, values.seeds);
  checkRuns(seeds.length * chosen.length, steps);
  const plans: FineTunePlan[] = seeds.flatMap((seed) => chosen.map((method) => ({ method, seed })));
  const base: NamedPath = { words: `the model ${file}`, path: resolve(io.cwd, file) };
  const outputs = (['report', 'json'] as const).map((name) => namedPath(name, values[name], io.cwd));
  await checkApart(outputs, [base, textPath(values.data, io.cwd)]);

  const out = screen(io, json);
  const { dim, bold, cyan } = out.paint;
  const { model, sizes, characters } = await loadModel(file, io.cwd);
  checkMemory(sizes, batch, 'wasm');
  const corpus = await loadCorpus(values.data, io.cwd);
  const { text, replaced } = knownText(corpus.text, characters);
  const tokens = new CharVocabulary(characters.join('')).encode(text);
  const dataset = new TextDataset(tokens, { batch, context: sizes.context });
  const report = await outputFile(values.report, io.cwd);
  const numbers = await optionalFile(json, io.cwd);
  const weights = await baseOf(model, sizes);
  await setThreads(values.threads);

  const fact = (name: string, said: string): void => out.line(dim(name.padEnd(9)), said);
  const size = Object.values(weights.values).reduce((sum, { data }) => sum + data.length, 0);
  fact('base', `${file}, GPT with ${count(size)} parameters: ${sizes.layers} layers of width ${sizes.width}`);
  fact('data', `${corpus.name}, ${count(tokens.length)} characters, ${count(replaced)} of them unknown to the base`);
  fact('compare', `${chosen.join(', ')}${seeds.length > 1 ? `, each with ${seeds.length} seeds` : ''}`);
  fact('backend', backendLine(backend().describe()));
  out.line();

  const runs: FineTuneResult[] = [];
  for (const [i, plan] of plans.entries()) {
    out.line(bold(`[${i + 1}/${plans.length}] ${plan.method}${seeds.length > 1 ? `, seed ${plan.seed}` : ''}`));
    const shown = trainingProgress(out, settings.steps, dataset.batch * sizes.context);
    const run = await fineTune(plan, settings, weights, dataset, shown.update).finally(shown.stop);
    out.line(`  validation loss ${nats(run.startLoss)} → ${nats(run.validationLoss)} in ${duration(run.seconds)}`);
    out.line();
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
  showTable(out, fineTuneColumns, groupResults(runs));
  for (const line of explainFineTuning(output)) out.line(dim(line));
  await report.write(fineTunePage(output));
  await numbers?.write(`${JSON.stringify(output, null, 1)}\n`);
  printJson(io, json, output);
  out.line();
  out.line('Report with the loss curves: ', cyan(report.path));
  if (numbers) out.line('All numbers: ', cyan(numbers.path));
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

function noBase(file: string | undefined): OptionError {
  return new OptionError({
    code: 'cli/base',
    got: `floragrad finetune got ${file === undefined ? 'nothing' : `"${file}"`} where a file should be`,
    expected: 'a model first, as floragrad train --save wrote it',
    fix: 'floragrad finetune base.safetensors, or floragrad finetune --help',
  });
}
