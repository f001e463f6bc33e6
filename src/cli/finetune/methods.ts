import type { TextBatch } from '../../data/text-dataset';
import {
  adamw,
  altLora,
  altLoraPlus,
  chain,
  crossEntropy,
  type GradientTransform,
  gradientSvd,
  lora,
  loraPlus,
  loraRite,
  lors,
  periodicLora,
  preconditionPairs,
  prune,
  type Schedule,
  type TwiceEvaluated,
} from '../../index';
import type { GPT } from '../../nn';
import type { TrainerOptions } from '../../training';
import { warmedUp } from '../schedule';
import { optimizers } from '../train/optimizers';
import { trainOptions } from '../train/options';
import { presets } from '../train/presets';

/** What a method of fine-tuning is made from. */
interface MethodSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Share of each weight that is pruned before, for the methods that adapt sparse weights. */
  readonly sparsity: number;
  readonly steps: number;
  /** For the methods that have stages. */
  readonly stages: number;
  /** The peak of the schedule. */
  readonly learningRate: number;
  readonly seed: number;
  /** What the methods that start from gradients take them of. */
  readonly batches: readonly TextBatch[];
}

/** How a model is trained: a transform, with the way in which it takes gradients where that is another one. */
type Training = GradientTransform<unknown> | Pick<TrainerOptions<unknown, TextBatch>, 'transform' | 'gradients'>;

/** A method, and what a comparison must know of it. */
interface MethodRow<Name extends string = string> {
  readonly name: Name;
  /** Peak of the schedule unless `--learning-rate` says otherwise. */
  readonly learningRate: number;
  /** It starts from a pruned model, and keeps its zeros. */
  readonly sparse?: true;
  /** It trains its adapters in `--stages`. */
  readonly staged?: true;
  /** What it compresses of full fine-tuning, as people call that. */
  readonly projects?: string;
  /** It is there to be compared with this one, and not compared unless it is asked for. */
  readonly baselineOf?: Name;
  /** It trains the adapters of this one in another way, and is not compared unless it is asked for. */
  readonly trains?: Name;
  /** What it learns is a LoRA adapter of the base as it was, which can be saved alone. */
  readonly adapter?: true;
  /** Make the model ready, and say how it is trained. */
  prepare(model: GPT, settings: MethodSettings): Training;
}

/** The layers that are adapted, pruned and compressed: all weights of the transformer's blocks. */
const match = 'blocks';
const weightDecay = 0;
/** AltLoRA's usual mean reaches over a thousand steps, which a run here does not have. */
const quick = { beta1: 0.9, weightDecay };

/** LoRS and its baselines start alike: from a pruned model, with A along the gradient. */
const sparse = (method: 'lors' | 'sqft' | 'sp-lora' | 'spp') =>
  ({
    learningRate: 0.002,
    sparse: true,
    prepare(model, { rank, alpha, sparsity, steps, learningRate, seed, batches }) {
      const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
      prune(model, { sparsity, match });
      lors(model, { method, rank, alpha, rankStabilized: false, match, seed, init: gradientSvd({ loss, batches }) });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  }) satisfies Omit<MethodRow, 'name'>;

/** LoRA's adapters from the same start, whose factors are moved together or by other rates. */
const pairs = (
  learningRate: number,
  train: (settings: { readonly learningRate: Schedule; readonly scale: number }) => Training,
) =>
  ({
    learningRate,
    trains: 'lora',
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate: peak, seed }) {
      lora(model, { rank, alpha, match, seed });
      return train({ learningRate: warmedUp(peak, steps), scale: alpha / rank });
    },
  }) as const satisfies Omit<MethodRow, 'name'>;

/** The type of a state is a matter between a transform and its gradients, which a list of rows cannot express. */
const twice = <S>(training: TwiceEvaluated<S>): Training => training as Training;

const rows = [
  {
    name: 'full',
    learningRate: 0.0005,
    prepare: (_, { learningRate, steps }) => adamw({ learningRate: warmedUp(learningRate, steps), weightDecay }),
  },
  {
    name: 'lora',
    learningRate: 0.004,
    adapter: true,
    prepare(model, { rank, alpha, steps, learningRate, seed }) {
      lora(model, { rank, alpha, match, seed });
      return adamw({ learningRate: warmedUp(learningRate, steps), weightDecay });
    },
  },
  {
    name: 'plora',
    learningRate: 0.004,
    staged: true,
    prepare(model, { rank, alpha, steps, stages, learningRate, seed }) {
      const stageSteps = Math.ceil(steps / stages);
      const inner = adamw({ learningRate: warmedUp(learningRate, stageSteps), weightDecay });
      return periodicLora(model, { rank, alpha, match, seed, stageSteps, inner }).transform;
    },
  },
  { name: 'lors', ...sparse('lors') },
  {
    name: 'flora',
    learningRate: 0.01,
    projects: optimizers.flora.label,
    prepare: (_, { rank, steps, learningRate, seed }) =>
      optimizers.flora.make({
        learningRate: warmedUp(learningRate, steps),
        rank,
        refreshEvery: presets.default.refreshEvery,
        ordering: 'paper',
        momentum: 0.9,
        projector: trainOptions.projector.otherwise,
        seed,
      }),
  },
  { name: 'sqft', baselineOf: 'lors', ...sparse('sqft') },
  { name: 'sp-lora', baselineOf: 'lors', ...sparse('sp-lora') },
  { name: 'spp', baselineOf: 'lors', ...sparse('spp') },
  { name: 'lora-plus', ...pairs(0.001, ({ learningRate }) => loraPlus({ learningRate })) },
  { name: 'lora-rite', ...pairs(0.004, (settings) => loraRite(settings)) },
  { name: 'alt-lora', ...pairs(0.1, (settings) => twice(altLora({ ...settings, ...quick }))) },
  { name: 'alt-lora-plus', ...pairs(0.004, (settings) => twice(altLoraPlus({ ...settings, ...quick }))) },
  {
    name: 'riemannian-lora',
    ...pairs(0.004, ({ learningRate }) => chain(preconditionPairs(), adamw({ learningRate, weightDecay }))),
  },
] as const satisfies readonly MethodRow[];

export type MethodName = (typeof rows)[number]['name'];
export type Method = MethodRow<MethodName>;

/** The names, in the order in which help has them. */
export const methodNames: readonly MethodName[] = rows.map(({ name }) => name);

export const methods = Object.fromEntries(rows.map((row) => [row.name, row])) as Readonly<Record<MethodName, Method>>;

const all: readonly Method[] = rows;
const usual = all.filter(({ baselineOf, trains }) => baselineOf === undefined && trains === undefined);

/** What is compared unless it is told otherwise. */
export const usualMethods: readonly MethodName[] = usual.map(({ name }) => name);

/** What is pruned before, each with the methods that it is compared with. */
export const sparseMethods = usual
  .filter(({ sparse }) => sparse)
  .map(({ name }) => ({ name, baselines: all.filter((row) => row.baselineOf === name).map((row) => row.name) }));

/** What trains adapters of another method, as sentences have it. */
export const otherTrainings = all.flatMap(({ name, trains }) => (trains ? [name] : []));

/** What learns an adapter that can be saved alone. */
export const adapterMethods = all.flatMap(({ name, adapter }) => (adapter ? [name] : []));

/** What has stages, and what projects, as sentences have it. */
export const stagedMethods = all.flatMap(({ name, staged }) => (staged ? [name] : [])).join(' and ');
export const projecting = all.flatMap(({ projects }) => projects ?? []).join(' and ');
