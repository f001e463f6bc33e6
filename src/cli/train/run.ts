import type { TextBatch, TextDataset } from '../../data/text-dataset';
import {
  backend,
  crossEntropy,
  type GradientTransform,
  memory,
  type Profile,
  profile,
  random,
  stateBytes,
} from '../../index';
import { GPT } from '../../nn';
import { trainer, validate } from '../../training';
import { breathe } from '../breathe';
import { warmedUp } from '../schedule';
import { sumProfiles } from '../terminal/profile-table';
import type { Capture } from './capture';
import type { RunCheckpoints } from './checkpoint';
import { checkAlive, checkValidation, type Living, lossOf } from './divergence';
import { optimizers } from './optimizers';
import type { TrainSettings } from './options';
import type { RunResult } from './output';
import { type RunPlan, runTitle } from './plan';

/** The model of a seed: the same weights for every optimizer. */
export function newModel(settings: TrainSettings, vocabularySize: number, seed: number): GPT {
  const { context, width, heads, layers } = settings;
  return new GPT({ vocabularySize, context, width, heads, layers, key: random.fold(random.key(seed), 'model') });
}

export function transformOf(plan: RunPlan, settings: TrainSettings): GradientTransform<unknown> {
  const { steps, refreshEvery, ordering, momentum, projector } = settings;
  const row = optimizers[plan.optimizer];
  return row.make({
    learningRate: warmedUp(settings.learningRate ?? row.learningRate, steps),
    rank: plan.rank ?? 1,
    refreshEvery,
    ordering,
    momentum,
    projector,
    seed: plan.seed,
  });
}

/** Train one model and measure it. Batches depend on the seed alone, so that every optimizer sees the same ones. */
export async function trainRun(
  plan: RunPlan,
  settings: TrainSettings,
  { dataset, vocabularySize }: { dataset: TextDataset; vocabularySize: number },
  onStep: (step: number, loss: number) => void,
  { checkpoints, capture }: { checkpoints?: RunCheckpoints; capture?: Capture | undefined } = {},
): Promise<{ result: RunResult; model: GPT }> {
  const { steps } = settings;
  const before = memory().bytes;
  backend().resetPeak();
  const model = newModel(settings, vocabularySize, plan.seed);
  const transform = transformOf(plan, settings);
  const parameters = model.parameters();
  const saved = await checkpoints?.load(() => ({ parameters, state: transform.init(parameters) }));
  if (saved) model.load(saved.parameters);
  const lossOn = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
  const training = trainer({
    model,
    transform,
    loss: lossOn,
    seed: plan.seed,
    ...(saved && { resume: saved }),
    ...(capture && { observe: capture.observe }),
  });
  const batches = random.fold(random.key(plan.seed), 'batches');
  const trainLoss = [...(saved?.trainLoss ?? [])];
  const profiles: Profile[] = [];
  let kept = saved?.kept;
  const name = runTitle(plan, settings.seeds);
  const living = (step: number): Living => {
    const loss = trainLoss[step - 1];
    return { name, step, ...(loss !== undefined && { loss }), ...(kept && { kept }) };
  };
  const start = performance.now();
  const soFar = () => ({
    trainLoss,
    seconds: (saved?.seconds ?? 0) + (performance.now() - start) / 1000,
    peakBytes: Math.max(saved?.peakBytes ?? 0, memory().peakBytes - before),
  });
  for (let step = training.steps + 1; step <= steps; step++) {
    const batch = dataset.trainBatch(random.fold(batches, step));
    const watch = settings.profile && step > Math.min(unprofiled, steps - 1) && profiles.length < profiled;
    const take = () => {
      if (!watch) return training.step(batch).loss;
      const watched = profile(() => training.step(batch));
      profiles.push(watched.profile);
      return watched.result.loss;
    };
    const loss = await lossOf(take, () => living(step));
    trainLoss.push(loss);
    await capture?.collect();
    onStep(step, loss);
    const saves = checkpoints !== undefined && (step % checkpoints.every === 0 || step === steps);
    if (saves || step === steps) await checkAlive(parameters, living(step));
    if (saves) kept = (await checkpoints.save(parameters, training, soFar())) ?? kept;
    await breathe();
  }
  const { seconds } = soFar();
  const validationLoss = await validate(lossOn, dataset.validationBatches());
  checkValidation(validationLoss, living(steps));
  const result: RunResult = {
    ...plan,
    steps,
    trainLoss,
    validationLoss,
    stateBytes: stateBytes(training.state),
    peakBytes: soFar().peakBytes,
    tokensPerSecond: (steps * settings.batch * settings.context) / seconds,
    seconds,
    ...(settings.profile && { profile: sumProfiles(profiles) }),
  };
  return { result, model };
}

/** Steps before the ones that are profiled, in which JavaScript is still being compiled; and how many are. */
const [unprofiled, profiled] = [5, 10];
