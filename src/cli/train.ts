import { CharVocabulary } from '../data/char-vocabulary';
import { bigramEntropy, unigramEntropy } from '../data/entropy';
import { TextDataset } from '../data/text-dataset';
import { backend, explain, random, setThreads } from '../index';
import type { GPT } from '../nn';
import { loadCorpus } from './corpus';
import { duration, nats } from './format';
import { type Io, screen } from './io';
import { saveModel } from './model-file';
import { commandLine, describeOptions } from './options';
import { outputFile } from './output-file';
import { trainingProgress } from './progress';
import { trainPage } from './report/train-page';
import { checkpointsOf, checkResumable } from './run-checkpoint';
import { sampleText } from './sample';
import { readTrainOptions, trainOptions } from './train-options';
import type { TrainOutput } from './train-output';
import { newModel, planRuns, type RunResult, trainRun, transformOf } from './train-run';
import { conclude, introduce, runName, showProfile } from './train-summary';

const trainHelp = `floragrad train: teach a small GPT to write, once for each optimizer, and compare

Every run starts from the same weights and sees the same batches, so what differs is the
optimizer. adafactor has the dense momentum that flora compresses.

${describeOptions(trainOptions)}

Example
  floragrad train --preset quick --optimizer adafactor,flora --rank 16,64
`;

export async function train(argv: readonly string[], io: Io): Promise<void> {
  const settings = readTrainOptions(argv);
  if (settings === null) return void io.stdout.write(trainHelp);
  const out = screen(io, settings.json);
  const corpus = await loadCorpus(settings.data, io.cwd);
  const vocabulary = new CharVocabulary(corpus.text);
  const tokens = vocabulary.encode(corpus.text);
  const dataset = new TextDataset(tokens, { batch: settings.batch, context: settings.context });
  const plans = planRuns(settings);
  const parameters = newModel(settings, vocabulary.size, settings.seed).parameters();
  // An optimizer that cannot treat these parameters, such as a rank too high for all of them, says so here.
  for (const plan of plans) explain(transformOf(plan, settings), parameters);
  checkResumable(plans, settings, io.cwd);
  const report = await outputFile(settings.report, io.cwd);
  if (settings.save !== undefined) await outputFile(settings.save, io.cwd);
  const json = settings.json === undefined || settings.json === '-' ? null : await outputFile(settings.json, io.cwd);

  const { context, width, heads, layers } = settings;
  const size = Object.values(parameters).reduce((sum, leaf) => sum + leaf.size, 0);
  const task = { data: corpus.name, unigramEntropy: unigramEntropy(tokens), bigramEntropy: bigramEntropy(tokens) };
  const model = { parameters: size, vocabularySize: vocabulary.size, context, width, heads, layers };
  await setThreads(settings.threads);
  introduce(out, settings, { task, model, characters: tokens.length, plans });

  const runs: RunResult[] = [];
  const writer =
    Math.max(
      plans.findLastIndex((plan) => plan.optimizer === 'flora'),
      0,
    ) || plans.length - 1;
  let author: GPT | undefined;
  for (const [i, plan] of plans.entries()) {
    const seed = settings.seeds > 1 ? `, seed ${plan.seed}` : '';
    out.line(out.paint.bold(`[${i + 1}/${plans.length}] ${runName(plan)}${seed}`));
    const shown = trainingProgress(out, settings.steps, settings.batch * settings.context);
    const checkpoints = checkpointsOf(plan, settings, corpus.text, io.cwd);
    const data = { dataset, vocabularySize: vocabulary.size };
    const run = await trainRun(plan, settings, data, shown.update, checkpoints).finally(shown.stop);
    out.line(`  validation loss ${nats(run.result.validationLoss)} after ${duration(run.result.seconds)}\n`);
    showProfile(out, run.result);
    runs.push(run.result);
    if (i === writer) author = run.model;
  }
  const key = random.fold(random.key(settings.seed), 'sample');
  const sample = author ? await sampleText(author, vocabulary, { length: settings.sample, context, key }) : '';
  if (settings.save !== undefined && author) {
    const sizes = { vocabularySize: vocabulary.size, context, width, heads, layers };
    await saveModel(settings.save, io.cwd, { model: author, sizes, characters: vocabulary.characters });
  }
  const command = commandLine('train', argv);
  const output: TrainOutput = { task, model, runs, sample, command, backend: backend().describe() };
  conclude(out, output);

  await report.write(trainPage(output));
  await json?.write(`${JSON.stringify(output, null, 1)}\n`);
  if (settings.json === '-') io.stdout.write(`${JSON.stringify(output)}\n`);
  out.line(`Report with the loss curves: ${out.paint.cyan(report.path)}`);
  if (settings.save) out.line(`Weights: ${out.paint.cyan(settings.save)}`);
  if (json) out.line(`All numbers: ${out.paint.cyan(json.path)}`);
}
