import type { FullBackend, Leaf, LeafResults, Updates } from '../backend/contract';
import { backend } from '../backend/current';
import { ShapeError } from '../base/errors';
import { type Shape, sameShape, show } from '../base/shape';
import { checkFloat, computeAll } from '../tensor/op';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { leafOf } from './leaf';

/** A `T` for each name. */
type Named<Name extends string, T> = Readonly<Record<Name, T>>;

/** What a transform does with one leaf, and the accelerator of the backend that may do it with all leaves in one call. */
export interface LeafStep<Given extends string, Made extends string> {
  /** Names of the results. */
  readonly results: readonly Made[];
  /** Their shapes, from that of the gradient (default: the same). */
  shapes?(g: Shape): Named<Made, Shape>;
  /** The published formula in public ops. */
  formula(leaf: Named<Given, Tensor>): Named<Made, Tensor>;
  /** The member of the backend that takes the formula's place where it exists, */
  readonly accelerator: keyof Updates;
  /** and its call. */
  kernel(on: FullBackend, leaves: readonly Leaf<Given>[]): readonly LeafResults<Made>[];
}

/**
 * A step of every leaf of `records.g`, with its leaf of the other records: a record of each result. Formulas make one leaf
 * after the other, so that only one leaf's temporaries live at a time. Only called inside a scope.
 * @throws StateError `params/unknown`, `optimizer/state`
 * @throws ShapeError `optimizer/shapes` where a state has another shape than its gradient, unless the step has `shapes`
 */
export function stepLeaves<Given extends string, Made extends string>(
  where: string,
  records: Named<Given | 'g', Params>,
  step: LeafStep<Given | 'g', Made>,
): Named<Made, Params> {
  const names = Object.keys(records) as (Given | 'g')[];
  const paths = Object.keys(records.g);
  const leaves = paths.map((path) => byName(names, (name) => leafOf(where, records[name], path)));
  for (const leaf of leaves) checkLeaf(where, leaf, step.shapes !== undefined);
  const made =
    paths.length > 0 && backend()[step.accelerator]
      ? throughKernel(where, names, leaves, step)
      : leaves.map((leaf, i) => runInScope(paths[i] as string, () => step.formula(leaf)));
  return byName(step.results, (name) => Object.fromEntries(made.map((leaf, i) => [paths[i] as string, leaf[name]])));
}

/** All leaves in one call of the accelerator. */
function throughKernel<Given extends string, Made extends string>(
  where: string,
  names: readonly (Given | 'g')[],
  leaves: readonly Named<Given | 'g', Tensor>[],
  { results, shapes, kernel }: LeafStep<Given | 'g', Made>,
): readonly Named<Made, Tensor>[] {
  const inputs = leaves.flatMap((leaf) => names.map((name) => leaf[name]));
  const outputs = leaves.flatMap(({ g }) => results.map((name) => shapes?.(g.shape)[name] ?? g.shape));
  const tensors = computeAll(where, inputs, outputs, (on) => {
    const operands = leaves.map((leaf) => byName(names, (name) => leaf[name].value));
    return kernel(on as FullBackend, operands).flatMap((leaf) => results.map((name) => leaf[name]));
  });
  return leaves.map((_, i) => byName(results, (_, j) => tensors[i * results.length + j] as Tensor));
}

function byName<Name extends string, T>(names: readonly Name[], make: (name: Name, i: number) => T): Named<Name, T> {
  return Object.fromEntries(names.map((name, i) => [name, make(name, i)])) as Named<Name, T>;
}

function checkLeaf(where: string, leaf: Named<'g', Tensor>, ofOtherShapes: boolean): void {
  const tensors: readonly Tensor[] = Object.values(leaf);
  checkFloat(where, ...tensors);
  const other = tensors.find(({ shape }) => !sameShape(shape, leaf.g.shape));
  if (!other || ofOtherShapes) return;
  throw new ShapeError({
    code: 'optimizer/shapes',
    got: `${where} got a gradient ${show(leaf.g.shape)} for a state ${show(other.shape)}`,
    expected: 'equal shapes',
    fix: 'call init again with the parameters that the gradients are taken of',
  });
}
