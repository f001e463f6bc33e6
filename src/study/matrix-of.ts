import { OptionError } from '../base/errors';
import { compressedShape, type Projection, type Projector } from '../compress/projector';
import { noGrad } from '../tensor/derivatives/no-grad';
import { eye } from '../tensor/ops/create';
import type { StudiedGradient } from './studied-gradient';

/**
 * A [r, d] of a projection of one side, row by row: up of the identity is A on the right and Aᵀ on the left. The entries
 * are the projector's float32 ones; what is computed of them is float64.
 */
export async function matrixOf<P extends Projection>(projector: Projector<P>, projection: P): Promise<Float64Array[]> {
  const left = projection.side === 'left';
  const rank = compressedShape(projector, projection)[left ? 0 : 1] as number;
  const lifted = noGrad(() => projector.up(projection, eye(rank)));
  const values = await lifted.data();
  const d = values.length / rank;
  return Array.from({ length: rank }, (_, row) =>
    Float64Array.from({ length: d }, (_, j) => values[left ? j * rank + row : row * d + j] as number),
  );
}

/**
 * Refuse projectors that compress both sides of a gradient: they have no single A.
 * @throws OptionError `study/two-sided`
 */
export function checkOneSided(
  where: string,
  projectors: readonly Projector[],
  gradients: readonly StudiedGradient[],
): void {
  const two = projectors.find((projector) =>
    gradients.some(({ gradient }) => projector.side(gradient.shape) === 'both'),
  );
  if (two === undefined) return;
  throw new OptionError({
    code: 'study/two-sided',
    got: `${where} got the projector ${two.name}, which compresses both sides`,
    expected: 'projectors of one side: it asks about the rows of their A',
    fix: `leave ${two.name} out`,
  });
}
