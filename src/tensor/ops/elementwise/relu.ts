import { compute } from '../../op';
import { greater } from './compare';
import { unary } from './unary';
import { where } from './where';

/** max(x, 0); the derivative at 0 is 0. */
export const relu = unary(
  'relu',
  (g, x) => compute<2>('relu vjp', [g, x], x.shape, (backend, [a, b]) => backend.binary('reluGrad', a, b, x.shape)),
  (x) => where(greater(x, 0), x, 0),
);
