import { compute } from '../../op';
import { mul } from './mul';
import { sigmoid } from './sigmoid';
import { unary } from './unary';

/** x·sigmoid(x), also called swish. */
export const silu = unary(
  'silu',
  (g, x) => compute<2>('silu vjp', [g, x], x.shape, (backend, [a, b]) => backend.binary('siluGrad', a, b, x.shape)),
  (x) => mul(x, sigmoid(x)),
);
