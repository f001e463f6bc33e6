import type { Params, Tensor } from '../../tensor/tensor';

/** The leaves that satisfy a predicate, and the others. */
export function divide(
  leaves: Params,
  belongs: (path: string, leaf: Tensor) => boolean,
): [inside: Params, outside: Params] {
  const [inside, outside]: [[string, Tensor][], [string, Tensor][]] = [[], []];
  for (const [path, leaf] of Object.entries(leaves)) (belongs(path, leaf) ? inside : outside).push([path, leaf]);
  return [Object.fromEntries(inside), Object.fromEntries(outside)];
}
