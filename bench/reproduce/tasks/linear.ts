import {
  type GradientTransform,
  linalg,
  mul,
  noGrad,
  random,
  scope,
  square,
  sub,
  sum,
  type Tensor,
} from '../../../src/index';
import { type Lesson, linearTeacher } from '../../../src/study/linear-teacher';

/** A random matrix [n, n] of full rank whose singular values lie between 0 and 2: what linear tasks learn. */
export function teacher(dimension: number, seed: number): Tensor {
  return mul(random.normal(random.fold(random.key(seed), 'teacher'), [dimension, dimension]), dimension ** -0.5);
}

/** Learn the teacher of a seed, as `floragrad study` does, and give what W [n, n] has become with what it learned from. */
export function learnTeacher<S>(
  dimension: number,
  seed: number,
  transform: GradientTransform<S>,
  steps: number,
): Lesson {
  const lesson = linearTeacher(dimension, seed, transform);
  for (let step = 0; step < steps; step++) lesson.step();
  return lesson;
}

/** ‖W − W*‖²/‖W*‖²; null where that is not below 10⁶. */
export async function leftOf({ weight: w, target }: Pick<Lesson, 'weight' | 'target'>): Promise<number | null> {
  const total = (x: Tensor): Promise<number> | number => noGrad(() => sum(square(x))).item();
  const error = (await total(noGrad(() => sub(w, target)))) / (await total(target));
  return error < 1e6 ? error : null;
}

/** Singular values of a change of `weight` that are larger than what rounding the weight to float32 can make. */
export async function rankOfChange(change: Tensor, weight: Tensor): Promise<number> {
  const size = Math.max(...(await weight.data()).map(Math.abs));
  const noise = Math.max(...weight.shape) * 2 ** -23 * size;
  return scope(
    () =>
      linalg
        .svd(change)
        .s.dataSync()
        .filter((s) => s > noise).length,
  );
}
