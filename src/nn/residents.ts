import { sameShape } from '../base/shape';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/no-grad';
import { reshape } from '../tensor/ops/reshape';
import type { Tensor } from '../tensor/tensor';
import { mapTensors } from '../tensor/tree';

/**
 * The resident tensors of one tree that changes from step to step: the same tensor objects get the new values, place
 * by place; numbers and strings are replaced, and a place that is new or changes its shape gets a new tensor.
 */
export class Residents {
  private readonly tensors = new Map<string, Tensor>();

  /** Write a new tree; what it returns holds the residents. The tensors of `tree` are read before any is written. */
  write<T>(tree: T): T {
    return noGrad(() => {
      const views = mapTensors(tree, (tensor, place) =>
        this.tensors.get(place) === tensor ? tensor : reshape(tensor, tensor.shape),
      );
      return mapTensors(views, (view, place) => {
        const known = this.tensors.get(place);
        const fits = known && known.dtype === view.dtype && sameShape(known.shape, view.shape);
        const resident = fits ? known : reshape(view, view.shape);
        assign(resident, view);
        this.tensors.set(place, resident);
        return resident;
      });
    });
  }
}
