import type { TextBatch, TextDataset } from '../../data/text-dataset';
import {
  backend,
  crossEntropy,
  type GradientTransform,
  memory,
  noGrad,
  type Profile,
  profile,
  random,
  stateBytes,
} from '../../index';
import { GPT } from '../../nn';
import { trainer } from '../../training';
import { type RunProfile, sumProfiles } from '../terminal/profile-table';
import type { RunCheckpoints } from './checkpoint';
import { checkAlive, checkValidation, type Living, lossOf } from './divergence';
import { learningRateOf, type OptimizerName, optimizers } from './optimizers';
import { seedsFrom, type TrainSettings } from './options';
import { runTitle } from './summary';

/** One optimizer, one rank, one seed. */
export interface RunPlan {
  readonly optimizer: OptimizerName;
  /** `null` where nothing is compressed. */
  readonly rank: number | null;
  readonly seed: number;
}

/** What came of it; the rows of `--json`. Losses in nats per character. */
export interface RunResult extends RunPlan {
  readonly steps: number;
  /** One a step. */
  readonly trainLoss: readonly number[];
  readonly validationLoss: number;
  /** Bytes of the optimizer's state. */
  readonly stateBytes: number;
  /** Most bytes alive at once during the run. */
  readonly peakBytes: number;
  readonly tokensPerSecond: number;
  readonly seconds: number;
  /** The profile that `--profile` asks for. */
  readonly profile?: RunProfile;
}

/** All runs of a comparison: seed by seed, the optimizers in the order given, Flora once for each rank. */
export function planRuns({ optimizers: names, ranks, seeds, seed }: TrainSettings): RunPlan[] {
  return seedsFrom(seed, seeds).flatMap((each) =>
    names.flatMap((optimizer) =>
      (optimizer === 'flora' ? ranks : [null]).map((rank) => ({ optimizer, rank, seed: each })),
    ),
  );
}

/** Where the run stands whose model writes the sample and is saved: the last of Flora, or the last where there is none. */
export function writerOf(plans: readonly RunPlan[]): number {
  const flora = plans.findLastIndex(({ optimizer }) => optimizer === 'flora');
  return flora === -1 ? plans.length - 1 : flora;
}

/** The model of a seed: the same weights for every optimizer. */
export function newModel(settings: TrainSettings, vocabularySize: number, seed: number): GPT {
  const { context, width, heads, layers } = settings;
  return new GPT({ vocabularySize, context, width, heads, layers, key: random.fold(random.key(seed), 'model') });
}

export function transformOf(plan: RunPlan, settings: TrainSettings): GradientTransform<unknown> {
  const { steps, learningRate, refreshEvery, ordering, projector } = settings;
  return optimizers[plan.optimizer].make({
    learningRate: learningRateOf(plan.optimizer, steps, learningRate),
    rank: plan.rank ?? 1,
    refreshEvery,
    ordering,
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
  checkpoints?: RunCheckpoints,
): Promise<{ result: RunResult; model: GPT }> {
  const { steps } = settings;
  const before = memory().bytes;
  backend().resetPeak();
  const model = newModel(settings, vocabularySize, plan.seed);
  const transform = transformOf(plan, settings);
  const parameters = model.parameters();
  const saved = await checkpoints?.load(() => ({ parameters, state: transform.init(parameters) }));
  if (saved) model.load(saved.parameters);
  const training = trainer({
    model,
    transform,
    loss: ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets),
    seed: plan.seed,
    ...(saved && { resume: saved }),
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
    onStep(step, loss);
    const saves = checkpoints !== undefined && (step % checkpoints.every === 0 || step === steps);
    if (saves || step === steps) await checkAlive(parameters, living(step));
    if (saves) kept = (await checkpoints.save(parameters, training, soFar())) ?? kept;
    await breathe();
  }
  const { seconds } = soFar();
  const validationLoss = await validate(model, dataset);
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

/** Mean loss over the fixed validation batches. */
export async function validate(model: GPT, dataset: TextDataset): Promise<number> {
  let sum = 0;
  let batches = 0;
  for (const { ids, targets } of dataset.validationBatches()) {
    sum += await noGrad(() => crossEntropy(model.forward(ids), targets)).item();
    batches++;
    await breathe();
  }
  return sum / batches;
}

/** Let signals, timers and finalizers run: a loop that only awaits finished work never does. */
export const breathe = (): Promise<void> => new Promise((resume) => setImmediate(resume));
