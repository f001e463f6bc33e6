import { checkArgument, kindOf, listOf, refuseExtra } from '../../base/options';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Module } from '../module';

/** A module from one tensor to one tensor, or a plain function such as `relu`. */
export type Layer =
  | {
      /** Shapes: the layer's own. */
      forward(x: Tensor, options?: ForwardOptions): Tensor;
    }
  | ((x: Tensor) => Tensor);

const layersKind = listOf(
  kindOf<Layer>(
    'a module, or a function such as relu',
    (value) => typeof value === 'function' || typeof (value as { forward?: unknown } | null)?.forward === 'function',
  ),
);

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
    if (arguments.length > 1) refuseExtra('Sequential', arguments, 1);
    checkArgument('Sequential', 'layers', layersKind, layers);
    this.layers = [...layers];
  }

  /** Shapes: as the first layer takes them → as the last one gives them. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('Sequential.forward', arguments);
    return this.layers.reduce(
      (y, layer, i) => (typeof layer === 'function' ? layer(y) : layer.forward(y, forPart(options, i))),
      x,
    );
  }
}
