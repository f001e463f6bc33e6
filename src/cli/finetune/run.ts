import { isMergeable } from '../../adapters/merge';
import type { TextBatch, TextDataset } from '../../data/text-dataset';
import {
  adaptersOf,
  backend,
  crossEntropy,
  memory,
  mergeAdapters,
  noGrad,
  OptionError,
  random,
  scope,
  sitesOf,
  sparsity,
  stateBytes,
  tensor,
} from '../../index';
import { broadcastParams } from '../../mpi';
import { type ForwardOptions, GPT, type GPTOptions } from '../../nn';
import { updateSpectrum } from '../../study';
import { adopt } from '../../tensor/scope';
import { forEachTensor } from '../../tensor/tree';
import { breathe } from '../breathe';
import { digestOf } from '../ranks/digest';
import { type Exchange, exchangeText, meterOf } from '../ranks/exchange';
import type { Sharing } from '../ranks/sharing';
import { stepper } from '../ranks/stepper';
import { sharedValidation } from '../ranks/validation';
import { overWire } from '../ranks/wire';
import type { OnStep } from '../terminal/progress';
import { checkValidation, lossOf } from '../train/divergence';
import type { Training } from './method-row';
import { type MethodName, methods } from './methods';
import type { FineTuneSettings } from './options';

/** The model to start from: numbers by path, so that no run can change it for the next. */
export interface Base {
  readonly sizes: Omit<GPTOptions, 'key'>;
  readonly values: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
}

/** One method and one seed. */
export interface FineTunePlan {
  readonly method: MethodName;
  readonly seed: number;
}

/** What becomes of the tuned model. */
export interface Kept {
  /** Its weights are kept, so that they have to hold what was learned. */
  readonly asWeights: boolean;
  /** It is freed afterwards; adapters that can be are merged. */
  keep(tuned: GPT): Promise<void>;
}

/** What came of it; the rows of `--json`. Losses in nats per character. */
export interface FineTuneResult extends FineTunePlan {
  /** 0 for what is not trained. */
  readonly steps: number;
  /** One a step. */
  readonly trainLoss: readonly number[];
  /** The loss before the first step; for the sparse methods, that of the pruned model. */
  readonly startLoss: number;
  readonly validationLoss: number;
  /** Numbers that are trained. */
  readonly trainable: number;
  readonly stateBytes: number;
  /** Most bytes alive at once, from the first step to the last; the model counts too. */
  readonly peakBytes: number;
  readonly seconds: number;
  /** Whether weights can take in what the adapters have learned; null where there are none. */
  readonly mergeable: boolean | null;
  /**
   * Rank of the change of each block's weights from the first step to the last, adapters merged, the mean over them; null
   * where an adapter's change is no change of a weight.
   */
  readonly updateRank: number | null;
  /** Share of zeros in the blocks' weights before the first step and after merging. */
  readonly sparsityBefore: number;
  readonly sparsityAfter: number;
  /** Eight digits that say whether two runs ended with the same bits, of a run that was cut into shards. */
  readonly digest?: string;
  /** What went between its ranks. */
  readonly exchange?: Exchange;
}

/** The numbers of a model. */
export async function baseOf(model: GPT, sizes: Base['sizes']): Promise<Base> {
  const entries = Object.entries(model.parameters()).map(async ([path, t]) => {
    return [path, { shape: t.shape, data: (await t.data()) as Float32Array }] as const;
  });
  return { sizes, values: Object.fromEntries(await Promise.all(entries)) };
}

/**
 * Fine-tune a copy of the base and measure it. Batches depend on the seed alone: every method sees the same ones.
 * @throws StateError `cli/diverged`, `trainer/non-finite-loss`
 * @throws OptionError `cli/save` where the weights are kept, and an adapter is no change of them
 */
export async function fineTune(
  { method, seed }: FineTunePlan,
  settings: Pick<FineTuneSettings, 'rank' | 'alpha' | 'sparsity' | 'steps' | 'stages' | 'learningRate'>,
  base: Base,
  dataset: TextDataset,
  onStep: OnStep,
  kept?: Kept,
  sharing: Sharing | null = null,
): Promise<FineTuneResult> {
  const { rank, alpha, sparsity: pruned, steps, stages } = settings;
  const key = random.fold(random.key(seed), 'finetune');
  const held = memory().bytes;
  const model = new GPT({ ...base.sizes, key });
  model.load(
    Object.fromEntries(
      Object.entries(base.values).map(([path, { shape, data }]) => [path, tensor(data, { shape })] as const),
    ),
  );
  const peak = peakOf(method, settings);
  const prepared =
    peak === null
      ? null
      : methods[method].prepare(model, {
          rank,
          alpha,
          steps,
          stages,
          sparsity: pruned,
          learningRate: peak,
          seed,
          batches: Array.from({ length: startBatches }, (_, i) => dataset.trainBatch(random.fold(key, 'start', i))),
        });
  const adapters = adaptersOf(model).map(({ adapter }) => adapter);
  const mergeable = adapters.length > 0 ? adapters.every(isMergeable) : null;
  if (kept?.asWeights && mergeable === false) throw notKept(method);
  const before = await blockWeights(model);
  const sparsityBefore = await meanSparsity(model);
  // With a key it is a pass of training, which some methods do differently.
  const loss = ({ ids, targets }: TextBatch, { key: drawn }: ForwardOptions = {}) =>
    crossEntropy(model.forward(ids, { key: drawn }), targets);
  if (sharing) await broadcastParams(sharing.comm, model.parameters());
  const validation = () => sharedValidation((batch: TextBatch) => loss(batch), dataset.validationBatches(), sharing);
  const startLoss = await validation();
  const steppedBy = (training: Training) => {
    const { transform, ...more } = 'update' in training ? { transform: training } : training;
    const wired = sharing ? overWire(transform, sharing, seed, model.parameters({ trainable: true })) : transform;
    return stepper({ model, transform: wired, ...more, loss, seed }, sharing);
  };
  const stepping = prepared && steppedBy(prepared);
  const training = stepping?.training;
  const trainLoss: number[] = [];
  backend().resetPeak();
  const meter = sharing && meterOf(sharing);
  const start = performance.now();
  for (let step = 1; stepping && step <= steps; step++) {
    const batch = dataset.trainBatch(random.fold(key, 'batch', step));
    const value = await lossOf(
      () => stepping.step(batch, step),
      () => ({ name: `${method}, seed ${seed},`, step }),
    );
    trainLoss.push(value);
    onStep(step, value, meter ? exchangeText(meter.read(step)) : undefined);
    await breathe();
  }
  const seconds = (performance.now() - start) / 1000;
  const exchange = meter?.read(trainLoss.length);
  const peakBytes = memory().peakBytes - held;
  const digest = sharing && (await digestOf(sharing.comm, model.parameters()));
  await methods[method].finish?.(model, { rank });
  const after = await blockWeights(model);
  if (mergeable) mergeAdapters(model);
  const validationLoss = await validation();
  checkValidation(validationLoss, { name: `${method}, seed ${seed},`, step: trainLoss.length });
  const result: FineTuneResult = {
    method,
    seed,
    steps: trainLoss.length,
    trainLoss,
    startLoss,
    validationLoss,
    trainable: Object.values(training?.parameters ?? {}).reduce((sum, { size }) => sum + size, 0),
    stateBytes: training ? stateBytes(training.state) : 0,
    peakBytes,
    seconds,
    mergeable,
    updateRank: before && after && (await meanRank(before, after)),
    sparsityBefore,
    sparsityAfter: await meanSparsity(model),
    ...(digest && exchange && { digest, exchange }),
  };
  await kept?.keep(model);
  freeAll([model, training?.state]);
  return result;
}

/** The peak of the schedule: one for all methods, or each its own; null for what is not trained. */
export function peakOf(method: MethodName, { learningRate }: Pick<FineTuneSettings, 'learningRate'>): number | null {
  const own = methods[method].learningRate;
  return own === null ? null : (learningRate ?? own);
}

/** Batches that a start from gradients averages over. */
const startBatches = 8;

type Weights = readonly { readonly shape: readonly [number, number]; readonly data: Float32Array }[];

/** The weights that the blocks compute with, adapters and all; null where an adapter's change is no change of a weight. */
async function blockWeights(model: GPT): Promise<Weights | null> {
  const layers = sitesOf(model).filter(({ path, layer }) => path.startsWith('blocks.') && layer.weight.ndim === 2);
  const weights: Weights[number][] = [];
  for (const { layer } of layers) {
    const { weight, lora } = layer;
    if (lora && !isMergeable(lora)) return null;
    const merged = lora ? scope(() => noGrad(() => lora.mergedInto(weight, 1))) : weight;
    weights.push({ shape: weight.shape as [number, number], data: (await merged.data()) as Float32Array });
    if (merged !== weight) scope(() => adopt(merged.value));
  }
  return weights;
}

async function meanSparsity(model: GPT): Promise<number> {
  const rows = await sparsity(model, { match: 'blocks' });
  const total = (field: 'zeros' | 'size'): number => rows.reduce((sum, row) => sum + row[field], 0);
  return total('zeros') / total('size');
}

async function meanRank(before: Weights, after: Weights): Promise<number> {
  const pairs = after.map(({ shape, data }, i) => {
    return [tensor((before[i] as Weights[number]).data, { shape }), tensor(data, { shape })] as const;
  });
  const spectra = await Promise.all(pairs.map((pair) => updateSpectrum(...pair)));
  freeAll(pairs);
  return spectra.reduce((sum, { numericalRank }) => sum + numericalRank, 0) / spectra.length;
}

/** Now, and not when the collector gets to it, which would count as memory that the next run gives back. */
function freeAll(tree: unknown): void {
  scope(() => forEachTensor(tree, ({ value }) => value.freedBy === null && adopt(value)));
}

function notKept(method: MethodName): OptionError {
  return new OptionError({
    code: 'cli/save',
    got: `--save for ${method}, whose adapters are no change of a weight`,
    expected: 'a method whose adapters can be merged, since the file holds weights alone',
    fix: 'leave --save out, or name another --method',
  });
}
