import type { GradientTransform, Linear, Module, Schedule, Tensor } from 'floragrad';

/** The texts that tasks learn from: handed in, since a page has them inside and Node reads them from disk. */
export interface Texts {
  /** One name a line. */
  readonly names: string;
  readonly mobyDick: string;
}

/** What is learned, before the first step. Everything in it is a function of the seed and the texts. */
export interface Task {
  readonly model: Module;
  /** The layer whose weight [out, in] is looked at, and the path of that weight. */
  readonly watched: { readonly layer: Linear; readonly path: string };
  /** Whether methods compress, or adapt, the weight of this path. All else is trained alike by all methods. */
  compresses(path: string): boolean;
  /** The loss after `step` steps, on the batch that the next step takes. */
  loss(step: number): Tensor;
  /** What is reported of a loss. */
  reported(loss: number): number;
  readonly baseStep: BaseStep;
  /** What the model writes after `step` steps. Absent where it writes nothing. */
  write?(step: number): Promise<string>;
}

/**
 * How updates become steps. It is the same for all methods of a task, so that only what a method does with the gradient
 * differs; Adam and GaLore, which normalise in their own way, are the exceptions.
 */
export interface BaseStep {
  /** β of the momentum, wherever a method keeps it. */
  readonly momentum: number;
  /** The base step with a method's transform at the place of the momentum. `steps` is the length of the schedule. */
  around(method: GradientTransform<unknown>, learningRate: number, steps: number): GradientTransform<unknown>;
  /** A whole optimizer in place of the base step, at the same learning rates over time. */
  rate(learningRate: number, steps: number): number | Schedule;
}

/** Make a task from its seed. */
export type MakeTask = (seed: number, texts: Texts) => Promise<Task>;
