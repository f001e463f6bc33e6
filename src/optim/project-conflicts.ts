import { OptionError, ShapeError } from '../base/errors';
import { fold, type Key, key, seedKind } from '../base/key';
import { checkArgument, kindOf, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { sameShape, show } from '../base/shape';
import { checkParams } from '../tensor/check';
import { noGrad } from '../tensor/derivatives/no-grad';
import { add } from '../tensor/ops/elementwise/add';
import { less } from '../tensor/ops/elementwise/compare';
import { div } from '../tensor/ops/elementwise/div';
import { mul } from '../tensor/ops/elementwise/mul';
import { sub } from '../tensor/ops/elementwise/sub';
import { where } from '../tensor/ops/elementwise/where';
import { permute } from '../tensor/ops/random/random';
import { sum } from '../tensor/ops/reductions/sum';
import { sumSquares } from '../tensor/ops/reductions/sum-squares';
import type { Params, Tensor } from '../tensor/tensor';
import { mapParams } from './transform';

const projectConflictsOptions = {
  /** What the order of the others is drawn from, for each task its own (default 0). */
  seed: optional(seedKind, 0),
};

/** What the order is drawn from. */
export interface ProjectConflictsOptions extends OptionsOf<typeof projectConflictsOptions> {}

/** Gradients of several tasks, of the same parameters. */
const tasksKind = kindOf<readonly Params[]>(
  'an array of gradients by path, one record for each task, at least one',
  (value) => Array.isArray(value) && value.length > 0,
);

/**
 * PCGrad: the mean of the gradients of several tasks, each first rid of what works against another one. For each task a, in
 * a random order of the other tasks b:
 *
 *     gₐ ← gₐ − ⟨gₐ, g_b⟩/‖g_b‖²·g_b      where ⟨gₐ, g_b⟩ < 0, with g_b as it was given
 *
 * A product is that of all leaves together. Without conflicts it is the mean. Of two tasks the result works against
 * neither; of more it may, and it depends on the order. PCGrad takes the sum in place of the mean, which is the number of
 * tasks times as long.
 * @throws OptionError `conflicts/leaves`, `options/…`, `arguments/…`
 * @throws ShapeError `conflicts/leaves`
 * @see Yu et al., "Gradient surgery for multi-task learning", arXiv 2001.06782, Algorithm 1.
 * @example
 * const merged = projectConflicts([{ w: tensor([1, 0]) }, { w: tensor([-1, 1]) }]);
 * console.log(await merged.w?.array()); // prints [ 0.25, 0.75 ]
 */
export function projectConflicts(gradients: readonly Params[], options: ProjectConflictsOptions = {}): Params {
  if (arguments.length > 2) refuseExtra('projectConflicts', arguments, 2);
  const { seed } = readOptions('projectConflicts', projectConflictsOptions, options, 'gradients');
  checkTasks('projectConflicts', gradients);
  return noGrad(() => withoutConflicts(gradients, key(seed)));
}

/** `projectConflicts` of gradients that are checked. */
export function withoutConflicts(gradients: readonly Params[], from: Key): Params {
  const squares = gradients.map((g) => product(g, g));
  const projected = gradients.map((own, a) => {
    const others = [...permute(fold(from, 'order', a), gradients.length)].filter((b) => b !== a);
    return others.reduce((g, b) => {
      const other = gradients[b] as Params;
      const along = product(g, other);
      const share = where(less(along, 0), div(along, squares[b] as Tensor), 0); // of g_b = 0 the product is 0
      return mapParams(g, (x, path) => sub(x, mul(other[path] as Tensor, share)));
    }, own);
  });
  return meanOf(projected);
}

/** The mean of records of the same leaves. */
export function meanOf(gradients: readonly Params[]): Params {
  const [first, ...rest] = gradients as [Params, ...Params[]];
  const total = rest.reduce((total, g) => mapParams(total, (x, path) => add(x, g[path] as Tensor)), first);
  return mapParams(total, (x) => mul(x, 1 / gradients.length));
}

/** Σ a ⊙ b over all leaves [], of records of the same leaves. */
export function product(a: Params, b: Params): Tensor {
  return Object.entries(a)
    .map(([path, x]) => (x === b[path] ? sumSquares(x) : sum(mul(x, b[path] as Tensor))))
    .reduce((total, x) => add(total, x));
}

/** @throws OptionError `conflicts/leaves`, `options/type`, `arguments/…` */
export function checkTasks(of: string, gradients: readonly Params[]): void {
  checkArgument(of, 'gradients', tasksKind, gradients);
  for (const [task, g] of gradients.entries()) checkParams(of, `gradients[${task}]`, g); // holes too
  const [first] = gradients as [Params];
  const paths = Object.keys(first);
  if (paths.length === 0) throw otherLeaves(of, 'gradients without a leaf');
  for (const [task, g] of gradients.entries()) {
    const stray = [
      ...paths.filter((path) => !Object.hasOwn(g, path)),
      ...Object.keys(g).filter((path) => !Object.hasOwn(first, path)),
    ];
    if (stray.length > 0) throw otherLeaves(of, `"${stray[0]}" in some of the gradients and not in others`);
    for (const path of paths) {
      const [expected, found] = [(first[path] as Tensor).shape, (g[path] as Tensor).shape];
      if (sameShape(expected, found)) continue;
      throw new ShapeError({
        code: 'conflicts/leaves',
        got: `${of} got "${path}" ${show(expected)} of the first task and ${show(found)} of task ${task}`,
        expected: 'gradients of the same parameters',
        fix: 'take all of them with valueAndGrad of the same parameters',
      });
    }
  }
}

function otherLeaves(of: string, got: string): OptionError {
  return new OptionError({
    code: 'conflicts/leaves',
    got: `${of} got ${got}`,
    expected: 'gradients of the same parameters',
    fix: 'take all of them with valueAndGrad of the same parameters',
  });
}
