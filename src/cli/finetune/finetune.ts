import { resolve } from 'node:path';
import type { CharVocabulary } from '../../data/char-vocabulary';
import { TextDataset } from '../../data/text-dataset';
import { adaptersOf, backend, OptionError, removeAdapters } from '../../index';
import { crc32 } from '../../io/crc32';
import { sizesOf } from '../../io/gpt';
import type { GPT } from '../../nn';
import { saveAdapter } from '../adapter-file';
import { usualBackend } from '../backends';
import { command } from '../command';
import { seedsFrom } from '../common-options';
import { loadCorpus, textPath } from '../corpus';
import { namedPath } from '../files';
import { wrapped } from '../help';
import { checkMemory, checkRuns } from '../limits';
import { loadModel, saveModel } from '../model-file';
import { checkFolder } from '../output-file';
import { agree } from '../ranks/agree';
import { isFirst, sayExchange } from '../ranks/exchange';
import { checkSharing, sharingOf } from '../ranks/sharing';
import { fineTunePage } from '../report/finetune-page';
import { backendLine, count, duration, nats } from '../terminal/format';
import { inTurn } from '../terminal/progress';
import { facts, showResults } from '../terminal/table';
import { optimizers } from '../train/optimizers';
import { adapterMethods, otherTrainings, sparseMethods, twiceEvaluated, untrained, usualMethods } from './methods';
import { type FineTuneSettings, finetuneOptions } from './options';
import { type Base, baseOf, checkWires, type FineTunePlan, fineTune, peakOf } from './run';
import { explainFineTuning, type FineTuneOutput, fineTuneColumns, groupResults, resultTitle } from './summary';

const sparse = sparseMethods
  .map(
    ({ name, baselines }) => `${name} and its baselines ${baselines.slice(0, -1).join(', ')} and ${baselines.at(-1)}`,
  )
  .join(', ');

export const finetune = command({
  name: 'finetune',
  summary: 'teach a saved model another text, and compare adapters',
  purpose: 'teach a saved model another text, once for each method, and compare',
  about: wrapped(
    `BASE is what floragrad train --save wrote. Every run starts from its weights and sees the same batches; ${sparse} prune it first. ${otherTrainings.slice(0, -1).join(', ')} and ${otherTrainings.at(-1)} are LoRA trained by other optimizers. ${untrained.join(', ')} is BASE itself. Characters that the model does not know become spaces.`,
    94,
  ).join('\n'),
  notes: `Example
  floragrad train --data moby-dick --optimizer ${optimizers.adamw.name} --save base.safetensors
  floragrad finetune base.safetensors --data sotu --method ${usualMethods.join(',')}`,
  options: finetuneOptions,

  check(settings, { cwd }) {
    const { base, data, method, steps, seed, seeds } = settings;
    const runs = seedsFrom(seed, seeds).length * method.length;
    checkRuns(runs, steps);
    checkSharing(settings);
    checkSaved(settings, runs);
    const adapter = namedPath('save-adapter', settings.saveAdapter, cwd);
    return {
      written: adapter ? [adapter] : [],
      read: [{ words: `the model ${base}`, path: resolve(cwd, base) }, textPath(data, cwd)],
    };
  },

  async run(settings, { out, cwd, command, files, comm }) {
    const { base, method, batch, steps } = settings;
    const sharing = sharingOf(settings, comm);
    if (sharing) checkOnce(method);
    const seeds = seedsFrom(settings.seed, settings.seeds);
    const plans: FineTunePlan[] = seeds.flatMap((seed) => method.map((name) => ({ method: name, seed })));
    const { model, vocabulary } = await loadModel(base, cwd);
    const sizes = sizesOf(model);
    checkMemory(sizes, batch, usualBackend);
    const corpus = await loadCorpus(settings.data, cwd);
    agree(comm, 'the text', corpus.text);
    const { text, replaced } = knownText(corpus.text, vocabulary);
    const tokens = vocabulary.encode(text);
    const dataset = new TextDataset(tokens, { batch, context: sizes.context });
    const weights = await baseOf(model, sizes);
    if (comm) agree(comm, 'the base', describedBase(weights, vocabulary));
    checkWires(plans, settings, weights, dataset, sharing);
    const adapter = settings.saveAdapter && resolve(cwd, settings.saveAdapter);
    if (adapter && isFirst(comm)) await checkFolder(adapter, []);
    const keeping = isFirst(comm) && (adapter !== undefined || settings.save !== undefined);
    const keep = async (tuned: GPT): Promise<void> => {
      if (adapter) await saveAdapter(adapter, tuned, base);
      if (!files.save) return;
      if (adaptersOf(tuned).length > 0) removeAdapters(tuned); // they are merged
      await saveModel(files.save.place, { model: tuned, vocabulary });
    };

    const fact = facts(out);
    const size = Object.values(weights.values).reduce((sum, { data }) => sum + data.length, 0);
    fact('base', `${base}, GPT with ${count(size)} parameters: ${sizes.layers} layers of width ${sizes.width}`);
    fact('data', `${corpus.name}, ${count(tokens.length)} characters, ${count(replaced)} of them unknown to the base`);
    fact('compare', `${method.join(', ')}${seeds.length > 1 ? `, each with ${seeds.length} seeds` : ''}`);
    fact('backend', backendLine(backend().describe()));
    out.line();

    const trainings = plans.map((plan) => ({
      title: resultTitle(plan, seeds.length > 1),
      run: (onStep: Parameters<typeof fineTune>[4]) =>
        fineTune(
          plan,
          settings,
          weights,
          dataset,
          onStep,
          keeping ? { asWeights: files.save !== undefined, keep } : undefined,
          sharing,
        ),
      say(run: FineTuneOutput['runs'][number]): void {
        out.line(`  validation loss ${nats(run.startLoss)} → ${nats(run.validationLoss)} in ${duration(run.seconds)}`);
        sayExchange(out, run);
        out.line();
      },
    }));
    const runs = await inTurn(out, trainings, { steps, tokensPerStep: batch * sizes.context });
    const output: FineTuneOutput = {
      base,
      data: corpus.name,
      replaced,
      settings: decisive(settings),
      learningRates: Object.fromEntries(method.map((name) => [name, peakOf(name, settings)])),
      runs,
      command,
      backend: backend().describe(),
    };
    showResults(out, fineTuneColumns, groupResults(runs), explainFineTuning(output));
    const saved = [
      ['Weights: ', settings.save],
      ['Adapter: ', settings.saveAdapter],
    ] as const;
    return {
      numbers: output,
      report: { shows: 'the loss curves', page: () => fineTunePage(output) },
      written: saved.flatMap(([words, path]) => (path ? [[words, out.paint.cyan(path), `, of ${method[0]}`]] : [])),
    };
  },
});

/** All that a base consists of, in a few words; equal ones for equal bases. */
function describedBase({ sizes, values }: Base, { characters }: CharVocabulary): string {
  const sums = Object.values(values).map(({ data }) =>
    crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
  return JSON.stringify([sizes, characters, sums]);
}

/** Files hold one run. @throws OptionError `cli/save` */
function checkSaved({ save, saveAdapter, method }: FineTuneSettings, runs: number): void {
  const option = saveAdapter === undefined ? '--save' : '--save-adapter';
  if ((save ?? saveAdapter) !== undefined && runs > 1)
    throw notSaved(
      `${option} for ${count(runs)} runs`,
      'one run, whose model is kept',
      'name one --method, with --seeds 1',
    );
  const [name] = method;
  if (saveAdapter !== undefined && name !== undefined && !adapterMethods.includes(name))
    throw notSaved(
      `--save-adapter for ${name}, whose change is no adapter of the base`,
      `one of ${adapterMethods.join(', ')}`,
      'write the whole model with --save',
    );
}

function notSaved(got: string, expected: string, fix: string): OptionError {
  return new OptionError({ code: 'cli/save', got, expected, fix });
}

/** Before the first run, which would be lost. @throws OptionError `cli/ranks` */
function checkOnce(methods: FineTuneSettings['method']): void {
  const found = methods.filter((name) => twiceEvaluated.includes(name));
  if (found.length === 0) return;
  throw new OptionError({
    code: 'cli/ranks',
    got: `several ranks or shards for ${found.join(' and ')}, which evaluates its loss more than once in a step`,
    expected: 'one gradient of each shard, whose mean is that of the batch',
    fix: 'leave --ranks and --shards out, or name the other methods with --method',
  });
}

/** The settings that numbers depend on, as the output has them. */
function decisive({
  rank,
  alpha,
  sparsity,
  stages,
  steps,
  learningRate,
}: FineTuneSettings): FineTuneOutput['settings'] {
  return { rank, alpha, sparsity, stages, steps, learningRate: learningRate ?? null };
}

/** The text with a space for every character that the model does not know. */
function knownText(text: string, { characters }: CharVocabulary): { text: string; replaced: number } {
  const known = new Set(characters);
  let replaced = 0;
  const kept = Array.from(text, (character) => {
    if (known.has(character)) return character;
    replaced++;
    return ' ';
  });
  return { text: kept.join(''), replaced };
}
