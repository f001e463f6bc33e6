import { join, resolve } from 'node:path';
import { CharVocabulary } from '../../data/char-vocabulary';
import { bigramEntropy, unigramEntropy } from '../../data/entropy';
import { TextDataset } from '../../data/text-dataset';
import { backend, explain, random, setBackend, setThreads } from '../../index';
import type { GPT } from '../../nn';
import { backends } from '../backends';
import { loadCorpus, textPath } from '../corpus';
import { checkApart, type NamedPath, namedPath } from '../files';
import { checkMemory, checkRuns } from '../limits';
import { saveModel } from '../model-file';
import { commandLine, describeOptions } from '../options';
import { checkFolder, optionalFile, outputFile } from '../output-file';
import { trainPage } from '../report/train-page';
import { sampleText } from '../sample';
import { count, duration, nats } from '../terminal/format';
import { type Io, printJson, screen } from '../terminal/io';
import { trainingProgress } from '../terminal/progress';
import { checkpointsOf, checkResumable, folderName } from './checkpoint';
import { readTrainOptions, type TrainSettings, trainOptions } from './options';
import type { TrainOutput } from './output';
import { newModel, planRuns, type RunPlan, type RunResult, trainRun, transformOf, writerOf } from './run';
import { conclude, introduce, runTitle, showProfile } from './summary';

const trainHelp = `floragrad train: teach a small GPT to write, once for each optimizer, and compare

Every run starts from the same weights and sees the same batches, so what differs is the
optimizer. adafactor has the dense momentum that flora compresses; none is adafactor without
momentum, the control: only where adafactor beats it can compressing momentum matter.

${describeOptions(trainOptions)}

Example
  floragrad train --data names --preset quick --optimizer none,adafactor,flora --rank 8,32
`;

export async function train(argv: readonly string[], io: Io): Promise<void> {
  const settings = readTrainOptions(argv);
  if (settings === null) return void io.stdout.write(trainHelp);
  const plans = plansOf(settings);
  await checkFiles(settings, plans, io.cwd);
  const out = screen(io, settings.json);
  const { bold, cyan } = out.paint;
  if (settings.backend !== 'wasm') setBackend(await backends[settings.backend]());
  const corpus = await loadCorpus(settings.data, io.cwd);
  const vocabulary = new CharVocabulary(corpus.text);
  checkMemory({ ...settings, vocabularySize: vocabulary.size }, settings.batch, settings.backend);
  const tokens = vocabulary.encode(corpus.text);
  const dataset = new TextDataset(tokens, { batch: settings.batch, context: settings.context });
  const parameters = newModel(settings, vocabulary.size, settings.seed).parameters();
  // An optimizer that cannot treat these parameters, such as a rank too high for all of them, says so here.
  for (const plan of plans) explain(transformOf(plan, settings), parameters);
  checkResumable(plans, settings, io.cwd);
  if (settings.checkpoint !== undefined) {
    await checkFolder(resolve(io.cwd, settings.checkpoint), plans.map(folderName));
  }
  const report = await outputFile(settings.report, io.cwd);
  const save = await optionalFile(settings.save, io.cwd);
  const json = await optionalFile(settings.json, io.cwd);

  const { context, width, heads, layers } = settings;
  const size = Object.values(parameters).reduce((sum, leaf) => sum + leaf.size, 0);
  const task = { data: corpus.name, unigramEntropy: unigramEntropy(tokens), bigramEntropy: bigramEntropy(tokens) };
  const model = { parameters: size, vocabularySize: vocabulary.size, context, width, heads, layers };
  await setThreads(settings.threads);
  introduce(out, settings, { task, model, characters: tokens.length, plans });

  const runs: RunResult[] = [];
  const writer = writerOf(plans);
  let author: { result: RunResult; model: GPT } | undefined;
  for (const [i, plan] of plans.entries()) {
    out.line(bold(`[${i + 1}/${plans.length}] ${runTitle(plan, settings.seeds)}`));
    const shown = trainingProgress(out, settings.steps, settings.batch * settings.context);
    const checkpoints = checkpointsOf(plan, settings, corpus.text, io.cwd, (step) => {
      if (step !== null) out.line(`  goes on from step ${count(step)} of ${count(settings.steps)}`);
      else if (settings.resume !== undefined) out.line(`  not saved in ${settings.resume}: begins`);
    });
    const data = { dataset, vocabularySize: vocabulary.size };
    const run = await trainRun(plan, settings, data, shown.update, checkpoints).finally(shown.stop);
    out.line(`  validation loss ${nats(run.result.validationLoss)} after ${duration(run.result.seconds)}`);
    out.line();
    showProfile(out, run.result);
    runs.push(run.result);
    if (i === writer) author = run;
  }
  if (author === undefined) throw new Error('no run wrote the sample');
  const key = random.fold(random.key(settings.seed), 'sample');
  const sample = await sampleText(author.model, vocabulary, { length: settings.sample, context, key });
  if (save) {
    const sizes = { vocabularySize: vocabulary.size, context, width, heads, layers };
    await saveModel(save.place, { model: author.model, sizes, characters: vocabulary.characters });
  }
  const { optimizer, rank, seed } = author.result;
  const output: TrainOutput = {
    task,
    model,
    runs,
    writer: { optimizer, rank, seed },
    sample,
    command: commandLine('train', argv),
    backend: backend().describe(),
  };
  conclude(out, output);

  await report.write(trainPage(output));
  await json?.write(`${JSON.stringify(output, null, 1)}\n`);
  printJson(io, settings.json, output);
  out.line('Report with the loss curves: ', cyan(report.path));
  if (save) {
    const of = `${runTitle(output.writer, settings.seeds)}, validation loss ${nats(author.result.validationLoss)}`;
    out.line('Weights: ', cyan(settings.save as string), `, of ${of}`);
  }
  if (json) out.line('All numbers: ', cyan(json.path));
}

/** @throws OptionError `cli/too-large` */
function plansOf(settings: TrainSettings): RunPlan[] {
  const { optimizers, ranks, seeds, steps } = settings;
  checkRuns(seeds * optimizers.reduce((sum, name) => sum + (name === 'flora' ? ranks.length : 1), 0), steps);
  return planRuns(settings);
}

/** @throws OptionError `cli/same-file` */
async function checkFiles(settings: TrainSettings, plans: readonly RunPlan[], cwd: string): Promise<void> {
  const { resume, checkpoint } = settings;
  const folders = (name: 'checkpoint' | 'resume'): NamedPath[] => {
    const root = namedPath(name, settings[name], cwd);
    return root ? plans.map((plan) => ({ words: root.words, path: join(root.path, folderName(plan)) })) : [];
  };
  const files = (['report', 'save', 'json'] as const).map((name) => namedPath(name, settings[name], cwd));
  const data = textPath(settings.data, cwd);
  await checkApart([...files, ...folders('checkpoint')], [data]);
  // A run may go on in the folder that it was saved in: that is what resuming is for.
  if (resume !== undefined && resume !== checkpoint) await checkApart(files, folders('resume'));
}
