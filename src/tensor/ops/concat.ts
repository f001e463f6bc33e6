import { ShapeError } from '../../base/errors';
import { normalizeAxis, sameShape, show, sizeOf } from '../../base/shape';
import { apply, checkDType, type Op } from '../op';
import type { Tensor } from '../tensor';
import { unsqueeze } from './reshape';
import { split } from './slice';

const op: Op<number, number> = {
  name: 'concat',
  forward: (backend, parts, axis, shape) => backend.concat(parts, Math.max(1, sizeOf(shape.slice(0, axis)))),
  vjp(g, parts, { attributes: axis }) {
    const sizes = parts.map((part) => part.shape[axis] as number);
    let pieces: Tensor[] | undefined;
    return parts.map((_, i) => () => {
      pieces ??= split(g, sizes, axis);
      return pieces[i] as Tensor;
    });
  },
};

/**
 * Join tensors along an axis. Shapes agree on all other axes.
 * @throws ShapeError `concat/shapes`
 */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  const first = parts[0];
  if (!first) throw mismatch([]);
  const at = normalizeAxis('concat', axis, first.shape);
  const others = (x: Tensor): number[] => x.shape.filter((_, i) => i !== at);
  for (const part of parts) {
    checkDType('concat', part, first.dtype);
    if (part.ndim !== first.ndim || !sameShape(others(part), others(first))) throw mismatch(parts);
  }
  const length = parts.reduce((sum, part) => sum + (part.shape[at] as number), 0);
  return apply(
    op,
    parts,
    at,
    first.shape.map((extent, i) => (i === at ? length : extent)),
  );
}

/** Join tensors of one shape along a new axis. */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  return concat(
    parts.map((part) => unsqueeze(part, axis)),
    axis,
  );
}

function mismatch(parts: readonly Tensor[]): ShapeError {
  return new ShapeError({
    code: 'concat/shapes',
    got: `concat got ${parts.map((part) => show(part.shape)).join(' and ') || 'an empty list'}`,
    expected: 'at least one tensor, and shapes that differ along the joined axis only',
    fix: 'reshape or slice the parts first',
  });
}
