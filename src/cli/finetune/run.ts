import type { TextBatch, TextDataset } from '../../data/text-dataset';
import {
  adaptersOf,
  backend,
  crossEntropy,
  memory,
  mergeAdapters,
  random,
  scope,
  sparsity,
  stateBytes,
  tensor,
} from '../../index';
import { type ForwardOptions, GPT, type GPTOptions } from '../../nn';
import { updateSpectrum } from '../../study';
import { adopt } from '../../tensor/scope';
import { forEachTensor } from '../../tensor/tree';
import { trainer, validate } from '../../training';
import { breathe } from '../breathe';
import { lossOf } from '../train/divergence';
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

/** What came of it; the rows of `--json`. Losses in nats per character. */
export interface FineTuneResult extends FineTunePlan {
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
  /** Rank of the change of each block's weights, the mean over them. */
  readonly updateRank: number;
  /** Share of zeros in the blocks' weights before the first step and after merging. */
  readonly sparsityBefore: number;
  readonly sparsityAfter: number;
}

/** The numbers of a model. */
export async function baseOf(model: GPT, sizes: Base['sizes']): Promise<Base> {
  const entries = Object.entries(model.parameters()).map(async ([path, t]) => {
    return [path, { shape: t.shape, data: (await t.data()) as Float32Array }] as const;
  });
  return { sizes, values: Object.fromEntries(await Promise.all(entries)) };
}

/**
 * Fine-tune a copy of the base and measure it. Batches depend on the seed alone: every method sees the same ones. `keep`
 * gets the model before it is freed, with its adapters merged.
 */
export async function fineTune(
  { method, seed }: FineTunePlan,
  settings: FineTuneSettings,
  base: Base,
  dataset: TextDataset,
  onStep: (step: number, loss: number) => void,
  keep: (tuned: GPT) => Promise<void> = async () => {},
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
  const prepared = methods[method].prepare(model, {
    rank,
    alpha,
    steps,
    stages,
    sparsity: pruned,
    learningRate: peakOf(method, settings),
    seed,
    batches: Array.from({ length: startBatches }, (_, i) => dataset.trainBatch(random.fold(key, 'start', i))),
  });
  const before = await blockWeights(model);
  const sparsityBefore = await meanSparsity(model);
  // With a key it is a pass of training, which some methods do differently.
  const loss = ({ ids, targets }: TextBatch, { key: drawn }: ForwardOptions = {}) =>
    crossEntropy(model.forward(ids, { key: drawn }), targets);
  const startLoss = await validate(loss, dataset.validationBatches());
  const training = trainer({ model, ...('update' in prepared ? { transform: prepared } : prepared), loss, seed });
  const trainLoss: number[] = [];
  backend().resetPeak();
  const start = performance.now();
  for (let step = 1; step <= steps; step++) {
    const batch = dataset.trainBatch(random.fold(key, 'batch', step));
    const value = await lossOf(
      () => training.step(batch).loss,
      () => ({ name: `${method}, seed ${seed},`, step }),
    );
    trainLoss.push(value);
    onStep(step, value);
    await breathe();
  }
  const seconds = (performance.now() - start) / 1000;
  const peakBytes = memory().peakBytes - held;
  const trainable = Object.values(training.parameters).reduce((sum, { size }) => sum + size, 0);
  if (adaptersOf(model).length > 0) mergeAdapters(model);
  const result: FineTuneResult = {
    method,
    seed,
    steps,
    trainLoss,
    startLoss,
    validationLoss: await validate(loss, dataset.validationBatches()),
    trainable,
    stateBytes: stateBytes(training.state),
    peakBytes,
    seconds,
    updateRank: await meanRank(before, await blockWeights(model)),
    sparsityBefore,
    sparsityAfter: await meanSparsity(model),
  };
  await keep(model);
  freeAll([model, training.state]);
  return result;
}

/** The peak of the schedule: one for all methods, or each its own. */
export function peakOf(method: MethodName, { learningRate }: Pick<FineTuneSettings, 'learningRate'>): number {
  return learningRate ?? methods[method].learningRate;
}

/** Batches that a start from gradients averages over. */
const startBatches = 8;

type Weights = readonly { readonly shape: readonly [number, number]; readonly data: Float32Array }[];

async function blockWeights(model: GPT): Promise<Weights> {
  const chosen = Object.entries(model.parameters()).filter(([path, { ndim }]) => {
    return path.startsWith('blocks.') && path.endsWith('.weight') && ndim === 2;
  });
  return Promise.all(
    chosen.map(async ([, t]) => ({ shape: t.shape as [number, number], data: (await t.data()) as Float32Array })),
  );
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
