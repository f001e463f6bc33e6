import { sameShape } from '../base/shape';
import { StateMerge } from '../optim/state-merge';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/no-grad';
import { reshape } from '../tensor/ops/reshape';
import type { Tensor } from '../tensor/tensor';

/**
 * The resident tensors of one tree that changes from step to step: the same tensor objects get the new values, place
 * by place; numbers and strings are replaced, and a place that is new or changes its shape gets a new tensor.
 */
export class Residents {
  private readonly tensors = new Map<string, Tensor>();

  /** Write a new tree; what it returns holds the residents. The tensors of `tree` are read before any is written. */
  write<T>(tree: T): T {
    const update = this.update<T | undefined>(undefined);
    update.add(tree);
    return update.state as T;
  }

  /** The tree that several outcomes of `before` make together; each is written, where it differs, as soon as it is added. */
  update<T>(before: T): Pick<StateMerge<T>, 'state' | 'add'> {
    let writes: [resident: Tensor, view: Tensor][] = [];
    const merged = new StateMerge(before, (tensor, place) => {
      const known = this.tensors.get(place);
      if (known === tensor) return tensor;
      const view = reshape(tensor, tensor.shape);
      const fits = known && known.dtype === view.dtype && sameShape(known.shape, view.shape);
      const resident = fits ? known : reshape(view, view.shape);
      this.tensors.set(place, resident);
      writes.push([resident, view]);
      return resident;
    });
    return {
      get state() {
        return merged.state;
      },
      add: (next) =>
        noGrad(() => {
          merged.add(next);
          for (const [resident, view] of writes) assign(resident, view);
          writes = [];
        }),
    };
  }
}
