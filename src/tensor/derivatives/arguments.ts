import { isPlainObject } from '../../base/options';
import { notATensor } from '../kinds';
import { checkFloat } from '../op';
import { clone } from '../ops/movement/clone';
import type { Tensor } from '../tensor';
import { forEachTensor, isTensor, mapTensors } from '../tree';
import type { Value } from '../value';

/** What a derivative is taken with respect to: a float32 tensor, or arrays and records of them, in any nesting. */
export type Differentiable = Tensor | readonly Differentiable[] | { readonly [name: string]: Differentiable };

/** A gradient has the structure of what it is taken with respect to: a tensor for each tensor. */
export type GradientOf<X> = X extends Tensor ? Tensor : { readonly [Name in keyof X]: GradientOf<X[Name]> };

/**
 * The tensors of an argument, in order.
 * @throws OptionError `arguments/tensor`
 * @throws ShapeError `dtype/float32`
 * @throws StateError `scope/freed`
 */
export function leavesOf(where: string, tree: unknown): Tensor[] {
  if (isTensor(tree)) {
    checkFloat(where, tree);
    return [tree];
  }
  if (Array.isArray(tree)) return Array.from(tree).flatMap((branch) => leavesOf(where, branch));
  if (isPlainObject(tree)) return Object.values(tree).flatMap((branch) => leavesOf(where, branch));
  throw notATensor(where, tree, ', or an array or a record of tensors');
}

/** The structure of an argument around other tensors, given in the order of `leavesOf`. */
export function structured<X>(tree: X, tensors: Iterator<Tensor>): X {
  return mapTensors(tree, () => tensors.next().value as Tensor);
}

/**
 * Arguments for a function that is differentiated with respect to those at the positions `of`: a tensor that stands in
 * several places is handed on as one value for each, so that the derivative at one place is not that at all of them.
 */
export function apart(where: string, given: readonly unknown[], of: readonly number[]): unknown[] {
  const seen = new Set<Value>();
  given.forEach((x, i) => {
    if (!of.includes(i)) forEachTensor(x, ({ value }) => seen.add(value));
  });
  return given.map((x, i) => {
    if (!of.includes(i)) return x;
    const leaves = leavesOf(where, x);
    const own = leaves.map((leaf) => {
      const taken = seen.has(leaf.value);
      seen.add(leaf.value);
      return taken ? clone(leaf) : leaf;
    });
    return own.some((leaf, k) => leaf !== leaves[k]) ? structured(x, own.values()) : x;
  });
}
