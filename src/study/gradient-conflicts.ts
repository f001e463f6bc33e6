import { fold, key, seedKind } from '../base/key';
import { type OptionsOf, optional, readOptions, refuseExtra, whole } from '../base/options';
import { matrixFilter } from '../compress/filter';
import { projectorKind } from '../compress/projector';
import { passes } from '../optim/filter';
import { checkTasks } from '../optim/project-conflicts';
import { mapParams } from '../optim/transform';
import { noGrad } from '../tensor/derivatives/no-grad';
import type { Params, Tensor } from '../tensor/tensor';
import { inner } from './round-trip';

const gradientConflictsOptions = {
  /** Compare the gradients compressed, matrices by one projection that all tasks share (default: as they are). */
  projector: optional(projectorKind),
  /** Rows of the projection (default 8); matrices whose smaller dimension is below it stay as they are. */
  rank: optional(whole({ low: 1 }), 8),
  /** What the projection is drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** How gradients are compared. */
export interface GradientConflictsOptions extends OptionsOf<typeof gradientConflictsOptions> {}

/** How the gradients of several tasks lie to each other. */
export interface GradientConflicts {
  /** ⟨gₐ, g_b⟩ over all leaves, by task and task. */
  readonly products: readonly (readonly number[])[];
  /** The products over both norms; 0 with a gradient of zeros. */
  readonly cosines: readonly (readonly number[])[];
  /** The share of pairs of two tasks with a negative product; 0 of one task. */
  readonly negative: number;
}

/**
 * Where the gradients of tasks work against each other. Compressed by an unbiased projector that all tasks share, the
 * products are unbiased too; with Gaussian entries a row g of one task and its like h of another have
 *
 *     E⟨Ag, Ah⟩ = ⟨g, h⟩      Var⟨Ag, Ah⟩ = (‖g‖²‖h‖² + ⟨g, h⟩²)/r
 *
 * so that a product of size ‖g‖‖h‖/√r is within the noise. The products are those of float32 numbers, added in float64.
 * @throws OptionError `conflicts/leaves`, `options/…`, `arguments/…`
 * @throws ShapeError `conflicts/leaves`
 * @see Yu et al., "Gradient surgery for multi-task learning", arXiv 2001.06782; CONGRAD, arXiv 2503.23777.
 * @example
 * const { cosines, negative } = await gradientConflicts([{ w: tensor([1, 0]) }, { w: tensor([-2, 0]) }]);
 * console.log(cosines[0], negative); // prints [ 1, -1 ] 1
 */
export async function gradientConflicts(
  gradients: readonly Params[],
  options: GradientConflictsOptions = {},
): Promise<GradientConflicts> {
  if (arguments.length > 2) refuseExtra('gradientConflicts', arguments, 2);
  const { projector, rank, seed } = readOptions('gradientConflicts', gradientConflictsOptions, options, 'gradients');
  checkTasks('gradientConflicts', gradients);
  const filter = matrixFilter({ rank });
  const compressed = (g: Tensor, path: string): Tensor => {
    if (!projector || !passes(filter, path, g)) return g;
    return projector.down(projector.sample(fold(key(seed), path), g.shape, rank), g);
  };
  const values = await Promise.all(
    gradients.map((g) => {
      const leaves = noGrad(() => mapParams(g, compressed));
      return Promise.all(Object.keys(gradients[0] as Params).map((path) => (leaves[path] as Tensor).data()));
    }),
  );
  const products = values.map((a) =>
    values.map((b) => a.reduce((sum, leaf, i) => sum + inner(leaf, b[i] as ArrayLike<number>), 0)),
  );
  const norm = (a: number): number => Math.sqrt(products[a]?.[a] as number);
  const cosines = products.map((row, a) => row.map((x, b) => (x === 0 ? 0 : x / (norm(a) * norm(b)))));
  const pairs = products.flatMap((row, a) => row.slice(a + 1));
  return { products, cosines, negative: pairs.length === 0 ? 0 : pairs.filter((x) => x < 0).length / pairs.length };
}
