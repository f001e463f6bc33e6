import { OptionError, ShapeError } from '../../../base/errors';
import { checkArgument, inMessage, listOf, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis, sameShape, show, sizeOf } from '../../../base/shape';
import { checkTensor } from '../../check';
import { tensorKind } from '../../kinds';
import { apply, checkDType, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { unsqueeze } from './reshape';
import { split } from './slice';

const op: Primitive<readonly Tensor[], number> = {
  name: 'concat',
  kernel: (backend, parts, axis, shape) => backend.concat(parts, Math.max(1, sizeOf(shape.slice(0, axis)))),
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
  if (arguments.length > 2) refuseExtra('concat', arguments, 2, listFix('concat'));
  return joined('concat', parts, axis);
}

function joined(where: string, parts: readonly Tensor[], axis: number): Tensor {
  checkList(where, parts, axis);
  const first = parts[0];
  if (!first) throw mismatch(where, []);
  const at = normalizeAxis(where, axis, first.shape);
  const others = (x: Tensor): number[] => x.shape.filter((_, i) => i !== at);
  for (const part of parts) {
    checkDType(where, part, first.dtype);
    if (part.ndim !== first.ndim || !sameShape(others(part), others(first))) throw mismatch(where, parts);
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
  if (arguments.length > 2) refuseExtra('stack', arguments, 2, listFix('stack'));
  checkList('stack', parts, axis);
  for (const part of parts) {
    checkTensor('stack', part);
    const first = parts[0] as Tensor;
    if (!sameShape(part.shape, first.shape)) throw mismatch('stack', parts);
    checkDType('stack', part, first.dtype);
    normalizeAxis('stack', axis, [...first.shape, 1]);
  }
  if (parts.length === 0) throw mismatch('stack', []);
  return joined(
    'stack',
    parts.map((part) => unsqueeze(part, axis)),
    axis,
  );
}

const listKind = { ...listOf(tensorKind), expected: 'an array of tensors' };

function checkList(where: string, parts: readonly Tensor[], axis: number): void {
  if (!listKind.fits(parts)) throw notAList(where, parts);
  checkArgument(where, 'axis', axisKind, axis);
}

function notAList(where: string, value: unknown): OptionError {
  return new OptionError({
    code: 'arguments/tensor',
    got: `${where} got ${inMessage(value)} where a list of tensors goes`,
    expected: 'an array of tensors',
    fix: listFix(where),
  });
}

function listFix(where: string): string {
  return `write ${where}([a, b])`;
}

function mismatch(where: string, parts: readonly Tensor[]): ShapeError {
  return new ShapeError({
    code: 'concat/shapes',
    got: `${where} got ${parts.map((part) => show(part.shape)).join(' and ') || 'an empty list'}`,
    expected: 'at least one tensor, and shapes that differ along the joined axis only',
    fix: 'reshape or slice the parts first',
  });
}
