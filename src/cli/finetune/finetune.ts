import { resolve } from 'node:path';
import type { CharVocabulary } from '../../data/char-vocabulary';
import { TextDataset } from '../../data/text-dataset';
import { backend } from '../../index';
import { sizesOf } from '../../io/gpt';
import { usualBackend } from '../backends';
import { command } from '../command';
import { seedsFrom } from '../common-options';
import { loadCorpus, textPath } from '../corpus';
import { wrapped } from '../help';
import { checkMemory, checkRuns } from '../limits';
import { loadModel } from '../model-file';
import { fineTunePage } from '../report/finetune-page';
import { backendLine, count, duration, nats } from '../terminal/format';
import { inTurn } from '../terminal/progress';
import { facts, showResults } from '../terminal/table';
import { optimizers } from '../train/optimizers';
import { otherTrainings, sparseMethods, usualMethods } from './methods';
import { type FineTuneSettings, finetuneOptions } from './options';
import { baseOf, type FineTunePlan, fineTune, peakOf } from './run';
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
    `BASE is what floragrad train --save wrote. Every run starts from its weights and sees the same batches; ${sparse} prune it first. ${otherTrainings.slice(0, -1).join(', ')} and ${otherTrainings.at(-1)} are LoRA trained by other optimizers. Characters that the model does not know become spaces.`,
    94,
  ).join('\n'),
  notes: `Example
  floragrad train --data moby-dick --optimizer ${optimizers.adamw.name} --save base.safetensors
  floragrad finetune base.safetensors --data sotu --method ${usualMethods.join(',')}`,
  options: finetuneOptions,

  check({ base, data, method, steps, seed, seeds }, { cwd }) {
    checkRuns(seedsFrom(seed, seeds).length * method.length, steps);
    return { read: [{ words: `the model ${base}`, path: resolve(cwd, base) }, textPath(data, cwd)] };
  },

  async run(settings, { out, cwd, command }) {
    const { base, method, batch, steps } = settings;
    const seeds = seedsFrom(settings.seed, settings.seeds);
    const plans: FineTunePlan[] = seeds.flatMap((seed) => method.map((name) => ({ method: name, seed })));
    const { model, vocabulary } = await loadModel(base, cwd);
    const sizes = sizesOf(model);
    checkMemory(sizes, batch, usualBackend);
    const corpus = await loadCorpus(settings.data, cwd);
    const { text, replaced } = knownText(corpus.text, vocabulary);
    const tokens = vocabulary.encode(text);
    const dataset = new TextDataset(tokens, { batch, context: sizes.context });
    const weights = await baseOf(model, sizes);

    const fact = facts(out);
    const size = Object.values(weights.values).reduce((sum, { data }) => sum + data.length, 0);
    fact('base', `${base}, GPT with ${count(size)} parameters: ${sizes.layers} layers of width ${sizes.width}`);
    fact('data', `${corpus.name}, ${count(tokens.length)} characters, ${count(replaced)} of them unknown to the base`);
    fact('compare', `${method.join(', ')}${seeds.length > 1 ? `, each with ${seeds.length} seeds` : ''}`);
    fact('backend', backendLine(backend().describe()));
    out.line();

    const trainings = plans.map((plan) => ({
      title: resultTitle(plan, seeds.length > 1),
      run: (onStep: Parameters<typeof fineTune>[4]) => fineTune(plan, settings, weights, dataset, onStep),
      say(run: FineTuneOutput['runs'][number]): void {
        out.line(`  validation loss ${nats(run.startLoss)} → ${nats(run.validationLoss)} in ${duration(run.seconds)}`);
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
    return { numbers: output, report: { shows: 'the loss curves', page: () => fineTunePage(output) } };
  },
});

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
