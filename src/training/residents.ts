import { sameShape } from '../base/shape';
import { assignAll, type Write } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import { reshape } from '../tensor/ops/movement/reshape';
import type { Tensor } from '../tensor/tensor';
import { StateMerge } from './state-merge';

/** Outcomes of one state on their way into the residents. */
export interface Staged<T> {
  /** The tree of the residents with all outcomes so far; valid once what `stage` returned is assigned. */
  readonly state: T;
  /** Add an outcome: what is to be assigned for it. Nothing is written yet, and the tensors of `next` are read now. */
  stage(next: T): Write[];
}

/**
 * The resident tensors of one tree that changes from step to step, the state of an optimizer. Transforms are pure and return
 * a new tree in each step; here its values are assigned to the same tensor objects, place by place, so that they stay on
 * the device and the old ones are freed. Numbers and strings are replaced, and a place that is new or changes its shape
 * gets a new tensor.
 */
export class Residents {
  private readonly tensors = new Map<string, Tensor>();

  /** Write a new tree, all of it or nothing; what it returns holds the residents. */
  write<T>(tree: T): T {
    const update = this.update<T | undefined>(undefined);
    noGrad(() => assignAll(update.stage(tree)));
    return update.state as T;
  }

  /** The tree that several outcomes of `before` make together. Its caller assigns, and opens the scope that owns the views. */
  update<T>(before: T): Staged<T> {
    let writes: Write[] = [];
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
      stage(next) {
        merged.add(next);
        const staged = writes;
        writes = [];
        return staged;
      },
    };
  }
}
