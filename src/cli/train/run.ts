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
import { broadcastParams } from '../../mpi';
import { type ForwardOptions, GPT } from '../../nn';
import { breathe } from '../breathe';
import { agree } from '../ranks/agree';
import { digestOf } from '../ranks/digest';
import { exchangeText, meterOf } from '../ranks/exchange';
import type { Sharing } from '../ranks/sharing';
import { stepper } from '../ranks/stepper';
import { sharedValidation } from '../ranks/validation';
import { overWire } from '../ranks/wire';
import { warmedUp } from '../schedule';
import { sumProfiles } from '../terminal/profile-table';
import type { OnStep } from '../terminal/progress';
import type { Capture } from './capture';
import type { RunCheckpoints } from './checkpoint';
import { checkAlive, checkValidation, type Living, lossOf } from './divergence';
import { optimizers } from './optimizers';
import type { TrainSettings } from './options';
import type { RunResult } from './output';
import { type RunPlan, runTitle } from './plan';

/** The model of a seed: the same weights for every optimizer. */
export function newModel(settings: TrainSettings, vocabularySize: number, seed: number): GPT {
  const { context, width, heads, layers, dropout } = settings;
  return new GPT({
    vocabularySize,
    context,
    width,
    heads,
    layers,
    dropout,
    key: random.fold(random.key(seed), 'model'),
  });
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

/** What a run does beside training. */
interface Around {
  readonly checkpoints?: RunCheckpoints;
  readonly capture?: Capture | undefined;
  /** null where this process takes its steps whole. */
  readonly sharing?: Sharing | null;
}

/** Train one model and measure it. Batches depend on the seed alone, so that every optimizer sees the same ones. */
export async function trainRun(
  plan: RunPlan,
  settings: TrainSettings,
  { dataset, vocabularySize }: { dataset: TextDataset; vocabularySize: number },
  onStep: OnStep,
  { checkpoints, capture, sharing = null }: Around = {},
): Promise<{ result: RunResult; model: GPT }> {
  const { steps } = settings;
  const before = memory().bytes;
  backend().resetPeak();
  const model = newModel(settings, vocabularySize, plan.seed);
  const optimizer = transformOf(plan, settings);
  const parameters = model.parameters();
  const transform = sharing ? overWire(optimizer, sharing, plan.seed) : optimizer;
  const saved = await checkpoints?.load(() => ({ parameters, state: transform.init(parameters) }));
  if (saved) model.load(saved.parameters);
  const taken = saved?.steps ?? 0;
  if (sharing) {
    agree(sharing.comm, 'the checkpoint', JSON.stringify([taken, saved?.trainLoss]));
    await broadcastParams(sharing.comm, parameters);
  }
  const lossOn = ({ ids, targets }: TextBatch, options: ForwardOptions = {}) =>
    crossEntropy(model.forward(ids, options), targets);
  const { training, step: takeStep } = stepper(
    {
      model,
      transform,
      loss: lossOn,
      seed: plan.seed,
      ...(saved && { resume: saved }),
      ...(capture && { observe: capture.observe }),
    },
    sharing,
  );
  const batches = random.fold(random.key(plan.seed), 'batches');
  const trainLoss = [...(saved?.trainLoss ?? [])];
  const profiles: Profile[] = [];
  let kept = saved?.kept;
  const name = runTitle(plan, settings.seeds);
  const living = (step: number): Living => {
    const loss = trainLoss[step - 1];
    return { name, step, ...(loss !== undefined && { loss }), ...(kept && { kept }) };
  };
  const meter = sharing && meterOf(sharing);
  let digest = '';
  const start = performance.now();
  const soFar = () => ({
    trainLoss,
    seconds: (saved?.seconds ?? 0) + (performance.now() - start) / 1000,
    peakBytes: Math.max(saved?.peakBytes ?? 0, memory().peakBytes - before),
  });
  for (let step = taken + 1; step <= steps; step++) {
    const batch = dataset.trainBatch(random.fold(batches, step));
    const watch = settings.profile && step > Math.min(unprofiled, steps - 1) && profiles.length < profiled;
    const take = () => {
      if (!watch) return takeStep(batch, step);
      const watched = profile(() => takeStep(batch, step));
      profiles.push(watched.profile);
      return watched.result;
    };
    const loss = await lossOf(take, () => living(step));
    trainLoss.push(loss);
    await capture?.collect();
    onStep(step, loss, meter ? exchangeText(meter.read(step - taken)) : undefined);
    const saves = checkpoints !== undefined && (step % checkpoints.every === 0 || step === steps);
    if (saves || step === steps) {
      await checkAlive(parameters, living(step));
      if (sharing) digest = await digestOf(sharing.comm, parameters);
    }
    if (saves) kept = (await checkpoints.save(parameters, { state: training.state, steps: step }, soFar())) ?? kept;
    await breathe();
  }
  const { seconds } = soFar();
  const exchange = meter?.read(steps - taken);
  const validationLoss = await sharedValidation((batch) => lossOn(batch), dataset.validationBatches(), sharing);
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
    ...(sharing && exchange && { digest: digest || (await digestOf(sharing.comm, parameters)), exchange }),
    ...(settings.profile && { profile: sumProfiles(profiles) }),
  };
  return { result, model };
}

/** Steps before the ones that are profiled, in which JavaScript is still being compiled; and how many are. */
const [unprofiled, profiled] = [5, 10];
