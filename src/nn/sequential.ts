import type { Tensor } from '../tensor/tensor';
import { type ForwardOptions, forPart } from './forward-options';
import { Module } from './module';

/** A module from one tensor to one tensor, or a plain function such as `relu`. */
export type Layer =
  | {
      /** Shapes: the layer's own. */
      forward(x: Tensor, options?: ForwardOptions): Tensor;
    }
  | ((x: Tensor) => Tensor);

/**
 * Layers one after the other; each that is random gets a key of its own.
 * @example
 * const [weights, pass] = [random.key(0), random.key(1)];
 * const model = new Sequential([new Linear(4, 8, { key: weights }), relu, new Dropout(0.1)]);
 * const y = model.forward(ones([2, 4]), { key: pass }); // without a key nothing is dropped
 * console.log(y.shape); // prints [ 2, 8 ]
 */
export class Sequential extends Module {
  /** What runs, first to last. */
  layers: readonly Layer[];

  constructor(layers: readonly Layer[]) {
    super();
    this.layers = [...layers];
  }

  /** Shapes: as the first layer takes them → as the last one gives them. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    return this.layers.reduce(
      (y, layer, i) => (typeof layer === 'function' ? layer(y) : layer.forward(y, forPart(options, i))),
      x,
    );
  }
}
