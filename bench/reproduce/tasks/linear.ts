import {
  applyUpdates,
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
  zeros,
} from '../../../src/index';

/** A random matrix [n, n] of full rank whose singular values lie between 0 and 2: what linear tasks learn. */
export function teacher(dimension: number, seed: number): Tensor {
  return mul(random.normal(random.fold(random.key(seed), 'teacher'), [dimension, dimension]), dimension ** -0.5);
}

/** Learn the teacher from the exact gradient W − W*, and say what W [n, n] has become. It starts at zero. */
export function learnTeacher(target: Tensor, transform: GradientTransform<unknown>, steps: number): Tensor {
  const params = { w: zeros(target.shape) };
  let state = transform.init(params);
  for (let step = 0; step < steps; step++) {
    const [updates, next] = noGrad(() => transform.update({ w: sub(params.w, target) }, state, params));
    applyUpdates(params, updates);
    state = next;
  }
  return params.w;
}

/** ‖W − W*‖²/‖W*‖²; null where that is not below 10⁶. */
export async function leftOf(w: Tensor, target: Tensor): Promise<number | null> {
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
