import type { Tensor } from '../tensor/tensor';
import type { ForwardOptions } from './forward-options';
import { Module } from './module';

/**
 * A low-rank change of a layer's weight that hangs in the layer (`Linear.lora`, `Embedding.lora`) and computes the
 * layer's output in its place. The layers know this much and no more; `src/adapters` has the rest.
 */
export abstract class Adapter extends Module {
  /** The down factor, r on its first axis. */
  abstract A: Tensor;
  /** The up factor, r on its last axis. */
  abstract B: Tensor;

  /** The layer's output, given its input and its own parameters. Shapes: those of the layer. */
  abstract override forward(x: Tensor, weight: Tensor, bias: Tensor | null, options?: ForwardOptions): Tensor;
}
