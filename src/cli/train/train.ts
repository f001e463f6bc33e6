import { join, resolve } from 'node:path';
import { CharVocabulary } from '../../data/char-vocabulary';
import { bigramEntropy, unigramEntropy } from '../../data/entropy';
import { TextDataset } from '../../data/text-dataset';
import { backend, explain, OptionError, random } from '../../index';
import type { GPT } from '../../nn';
import { command, type Work } from '../command';
import { type Corpus, loadCorpus, textPath } from '../corpus';
import { checkApart, type NamedPath, namedPath } from '../files';
import { wrapped } from '../help';
import { checkMemory, checkRuns } from '../limits';
import { saveModel } from '../model-file';
import { checkFolder } from '../output-file';
import { agree } from '../ranks/agree';
import { isFirst, sayExchange } from '../ranks/exchange';
import { checkSharing, type Sharing, sharingOf } from '../ranks/sharing';
import { checkWire } from '../ranks/wire';
import { trainPage } from '../report/train-page';
import { knownWords, sampleText } from '../sample';
import { count, duration, nats } from '../terminal/format';
import { inTurn, type OnStep } from '../terminal/progress';
import { Capture } from './capture';
import { checkpointsOf, checkResumable } from './checkpoint';
import { comparisons, whyCompared } from './comparison';
import { type TrainSettings, trainOptions } from './options';
import type { RunResult, TrainOutput } from './output';
import { folderName, planRuns, type RunPlan, runCount, runName, runTitle } from './plan';
import { presets } from './presets';
import { newModel, trainRun, transformOf } from './run';
import { conclude, introduce, showProfile } from './summary';

const about = [
  'Every run starts from the same weights and sees the same batches, so what differs is the optimizer.',
  ...comparisons.map(whyCompared),
].join(' ');

export const train = command({
  name: 'train',
  summary: 'teach a small GPT with several optimizers and compare them',
  purpose: 'teach a small GPT to write, once for each optimizer, and compare',
  about: wrapped(about, 94).join('\n'),
  notes: `Example
  floragrad train --data names --preset quick --optimizer ${presets.quick.optimizer.join(',')} --rank 8,32`,
  options: trainOptions,
  preset: ({ preset = trainOptions.preset.otherwise }) => presets[preset],

  async check(settings, { cwd, outputs }) {
    const { width, heads, resume, checkpoint } = settings;
    if (width % heads !== 0) throw unevenHeads(width, heads);
    checkRuns(runCount(settings), settings.steps);
    if (settings.capture !== undefined && runCount(settings) > 1) throw severalRuns(runCount(settings));
    checkSharing(settings);
    const plans = planRuns(settings);
    const folders = (name: 'checkpoint' | 'resume'): NamedPath[] => {
      const root = namedPath(name, settings[name], cwd);
      return root ? plans.map((plan) => ({ words: root.words, path: join(root.path, folderName(plan)) })) : [];
    };
    // A run may go on in the folder that it was saved in: that is what resuming is for.
    if (resume !== undefined && resume !== checkpoint) await checkApart(outputs, folders('resume'));
    return { written: folders('checkpoint'), read: [textPath(settings.data, cwd)] };
  },

  async run(settings, work) {
    const { out, files, comm } = work;
    const plans = planRuns(settings);
    const sharing = sharingOf(settings, comm);
    if (sharing && settings.capture !== undefined) throw sharedCapture(sharing.shards);
    const task = await taskOf(settings, plans, work, sharing);
    introduce(out, settings, { ...task.about, plans });
    const capture = captureOf(settings);
    const { runs, author } = await trainAll(settings, plans, task, work, { capture, sharing });

    const { vocabulary } = task;
    const key = random.fold(random.key(settings.seed), 'sample');
    const sample = await sampleText(author.model, vocabulary, { length: settings.sample, key });
    if (files.save) await saveModel(files.save.place, { model: author.model, vocabulary });
    if (files.capture) {
      const said = { optimizer: runName(author.result), seed: String(author.result.seed), data: task.corpus.name };
      await capture?.save(files.capture.place, { ...said, command: work.command });
    }
    const { optimizer, rank, seed } = author.result;
    const output: TrainOutput = {
      task: task.about.task,
      model: task.about.model,
      runs,
      writer: { optimizer, rank, seed },
      sample,
      ...(sample !== '' && { words: knownWords(sample, task.corpus.text) }),
      command: work.command,
      backend: backend().describe(),
    };
    conclude(out, output);
    const of = `${runTitle(output.writer, settings.seeds)}, validation loss ${nats(author.result.validationLoss)}`;
    return {
      numbers: output,
      report: { shows: 'the loss curves', page: () => trainPage(output) },
      written: [
        ...(settings.save !== undefined ? [['Weights: ', out.paint.cyan(settings.save), `, of ${of}`]] : []),
        ...(capture && settings.capture !== undefined
          ? [[`${count(capture.count)} gradients: `, out.paint.cyan(settings.capture)]]
          : []),
      ],
    };
  },
});

/** What all runs have in common: the text, and what is said of it and of the model. */
interface Task {
  readonly corpus: Corpus;
  readonly vocabulary: CharVocabulary;
  readonly dataset: TextDataset;
  readonly about: Omit<Parameters<typeof introduce>[2], 'plans'>;
}

/** Read the text, and refuse what cannot be trained or saved. */
async function taskOf(
  settings: TrainSettings,
  plans: readonly RunPlan[],
  { cwd, comm }: Work,
  sharing: Sharing | null,
): Promise<Task> {
  const { batch, context, width, heads, layers } = settings;
  const corpus = await loadCorpus(settings.data, cwd);
  agree(comm, 'the text', corpus.text);
  const vocabulary = new CharVocabulary(corpus.text);
  checkMemory({ ...settings, vocabularySize: vocabulary.size }, batch, settings.backend);
  const tokens = vocabulary.encode(corpus.text);
  const dataset = new TextDataset(tokens, { batch, context });
  const parameters = newModel(settings, vocabulary.size, settings.seed).parameters();
  // An optimizer that cannot treat these parameters, such as a rank too high for all of them, says so here.
  for (const plan of plans) explain(transformOf(plan, settings), parameters);
  checkWire(parameters, sharing, `a model of width ${width}`);
  captureOf(settings)?.check(parameters);
  checkResumable(plans, settings, cwd);
  if (settings.checkpoint !== undefined && isFirst(comm))
    await checkFolder(resolve(cwd, settings.checkpoint), plans.map(folderName));
  const size = Object.values(parameters).reduce((sum, leaf) => sum + leaf.size, 0);
  const task = { data: corpus.name, unigramEntropy: unigramEntropy(tokens), bigramEntropy: bigramEntropy(tokens) };
  const model = { parameters: size, vocabularySize: vocabulary.size, context, width, heads, layers };
  return { corpus, vocabulary, dataset, about: { task, model, characters: tokens.length } };
}

interface Trained {
  readonly result: RunResult;
  readonly model: GPT;
}

/** Train every run; the author is the one with the lowest validation loss, whose model is kept. */
async function trainAll(
  settings: TrainSettings,
  plans: readonly RunPlan[],
  { corpus, vocabulary, dataset }: Task,
  { out, cwd }: Work,
  { capture, sharing }: { readonly capture: Capture | undefined; readonly sharing: Sharing | null },
): Promise<{ runs: RunResult[]; author: Trained }> {
  let author: Trained | undefined;
  const trainings = plans.map((plan) => ({
    title: runTitle(plan, settings.seeds),
    async run(onStep: OnStep): Promise<RunResult> {
      const said = (step: number | null): void => {
        if (step !== null) out.line(`  goes on from step ${count(step)} of ${count(settings.steps)}`);
        else if (settings.resume !== undefined) out.line(`  not saved in ${settings.resume}: begins`);
      };
      const checkpoints = checkpointsOf(plan, settings, corpus.text, cwd, said, sharing);
      const data = { dataset, vocabularySize: vocabulary.size };
      const trained = await trainRun(plan, settings, data, onStep, { checkpoints, capture, sharing });
      if (!author || trained.result.validationLoss < author.result.validationLoss) author = trained;
      return trained.result;
    },
    say(result: RunResult): void {
      out.line(`  validation loss ${nats(result.validationLoss)} after ${duration(result.seconds)}`);
      sayExchange(out, result);
      out.line();
      showProfile(out, result);
    },
  }));
  const { steps, batch, context } = settings;
  const runs = await inTurn(out, trainings, { steps, tokensPerStep: batch * context });
  return { runs, author: author as unknown as Trained }; // there is at least one run
}

function captureOf({ capture, every, parameters, steps }: TrainSettings): Capture | undefined {
  return capture === undefined ? undefined : new Capture({ every, parameters }, steps);
}

/** A capture has the gradients of whole steps, which no rank has. */
function sharedCapture(shards: number): OptionError {
  return new OptionError({
    code: 'cli/capture',
    got: `--capture of a run in ${shards} ${shards === 1 ? 'shard that goes over a wire' : 'shards'}`,
    expected: 'a run in one process, which has the gradients of whole steps',
    fix: 'leave --ranks, --shards and --wire out',
  });
}

function severalRuns(runs: number): OptionError {
  return new OptionError({
    code: 'cli/capture',
    got: `--capture for ${count(runs)} runs`,
    expected: 'one run, whose gradients one file holds',
    fix: 'name one --optimizer and one --rank, with --seeds 1',
  });
}

function unevenHeads(width: number, heads: number): OptionError {
  return new OptionError({
    code: 'cli/heads',
    got: `--width ${width} and --heads ${heads}`,
    expected: 'a width that is a multiple of the heads, since each head gets an equal part of it',
    fix: `try --width ${heads * Math.ceil(width / heads)}`,
  });
}
