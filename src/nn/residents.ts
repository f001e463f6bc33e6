import { sameShape } from '../base/shape';
import { assign, makeResident } from '../tensor/assign';
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
        const resident = this.tensors.get(place);
        if (resident && resident.dtype === view.dtype && sameShape(resident.shape, view.shape)) {
          assign(resident, view);
          return resident;
        }
        makeResident(view);
        this.tensors.set(place, view);
        return view;
      });
    });
  }
}
