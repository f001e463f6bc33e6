import type { TextBatch } from '../../data/text-dataset';
import type { GradientTransform } from '../../index';
import type { GPT } from '../../nn';
import type { TrainerOptions } from '../../training';

/** What a method of fine-tuning is made from. */
export interface MethodSettings {
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
export type Training = GradientTransform<unknown> | Pick<TrainerOptions<unknown, TextBatch>, 'transform' | 'gradients'>;

/** A method, and what a comparison must know of it. */
export interface MethodRow<Name extends string = string> {
  readonly name: Name;
  /** Peak of the schedule unless `--learning-rate` says otherwise; null for what is not trained. */
  readonly learningRate: number | null;
  /** It starts from a pruned model, and keeps its zeros. */
  readonly sparse?: true;
  /** It trains in `--stages`. */
  readonly staged?: true;
  /** What it compresses of full fine-tuning, as people call that. */
  readonly projects?: string;
  /** It is there to be compared with this one, and not compared unless it is asked for. */
  readonly baselineOf?: Name;
  /** It trains the adapters of this one in another way, and is not compared unless it is asked for. */
  readonly trains?: Name;
  /** Not compared unless it is asked for; what its adapters are, as tables have it. */
  readonly family?: string;
  /** What it learns are adapters of the base as it was, which can be saved alone. */
  readonly adapter?: true;
  /** It evaluates its loss more than once in a step, on one whole batch: no ranks and no shards. */
  readonly twice?: true;
  /** Make the model ready, and say how it is trained: null where it is measured as it is. */
  prepare(model: GPT, settings: MethodSettings): Training | null;
  /** What becomes of the model after its last step, before it is measured. */
  finish?(model: GPT, settings: Pick<MethodSettings, 'rank'>): Promise<unknown>;
}

/** The layers that are adapted, pruned and compressed: all weights of the transformer's blocks. */
export const match = 'blocks';
export const weightDecay = 0;
