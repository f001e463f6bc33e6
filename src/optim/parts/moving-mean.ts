import { zeros } from '../../tensor/ops/create';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import type { Params, Tensor } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { mapParams } from '../transform';

/** mean ← decay·mean + (1 − decay)·of(x) for every leaf of `leaves`; `where` names the transform in errors. */
export function movingMean(
  where: string,
  decay: number,
  mean: Params,
  leaves: Params,
  of: (x: Tensor) => Tensor = (x) => x,
): Params {
  return mapParams(leaves, (x, path) => axpby(decay, leafOf(where, mean, path), 1 - decay, of(x)));
}

/** Zeros in the shape of each leaf: where moving means start. */
export function zerosLike(params: Params): Params {
  return mapParams(params, (parameter) => zeros(parameter.shape));
}
