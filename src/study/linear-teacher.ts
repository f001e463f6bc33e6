import { fold, key } from '../base/key';
import { applyUpdates } from '../optim/apply-updates';
import type { GradientTransform } from '../optim/transform';
import { noGrad } from '../tensor/derivatives/no-grad';
import { zeros } from '../tensor/ops/create';
import { mul } from '../tensor/ops/elementwise/mul';
import { sub } from '../tensor/ops/elementwise/sub';
import { random } from '../tensor/ops/random/random';
import type { Tensor } from '../tensor/tensor';

/** A weight W [d, d] that learns W*. */
export interface Lesson {
  /** W, zero at first. */
  readonly weight: Tensor;
  /** W*, of full rank: normal entries of variance 1/d. */
  readonly target: Tensor;
  /** One step of the transform on the exact gradient W − W*. */
  step(): void;
}

/** A linear teacher of full rank: nothing but the optimizer decides how much of it is learned. */
export function linearTeacher<S>(dimension: number, seed: number, transform: GradientTransform<S>): Lesson {
  const shape = [dimension, dimension];
  const target = mul(random.normal(fold(key(seed), 'teacher'), shape), dimension ** -0.5);
  const params = { w: zeros(shape) };
  let state = transform.init(params);
  return {
    weight: params.w,
    target,
    step() {
      const [updates, next] = noGrad(() => transform.update({ w: sub(params.w, target) }, state, params));
      applyUpdates(params, updates);
      state = next;
    },
  };
}
