import * as f from '../../../src/index';
import { broadcasting, elementwise, type OpRow, positive, real, spaced } from '../../../src/laws';

/** Beyond, a GPU does not know a period from the next, and squares of coordinates overflow. */
const [periods, squares] = [10, 60];
const near = (shape: f.Shape) => real(shape, -1, 1);
const one = (shape: f.Shape) => real(shape, 1, 1);

/** The rare functions of elements. `floor`, `ceil`, `round` and `mod` are kept away from their jumps. */
export const elementwiseRows: OpRow[] = [
  { ...broadcasting('atan2', f.atan2, real, positive), reach: squares },
  { ...broadcasting('atan2: all above the axis', f.atan2, positive, real), reach: squares },
  { ...elementwise('atan2: of a number', (x) => f.atan2(-1.5, x)), reach: squares },
  elementwise('ceil', f.ceil, spaced),
  { ...elementwise('cos', f.cos), reach: periods },
  elementwise('elu', (x) => f.elu(x), spaced),
  elementwise('elu: another alpha', (x) => f.elu(x, { alpha: -0.7 }), spaced),
  elementwise('expm1', f.expm1),
  elementwise('floor', f.floor, spaced),
  elementwise('leakyRelu', (x) => f.leakyRelu(x), spaced),
  elementwise('leakyRelu: another slope', (x) => f.leakyRelu(x, { slope: 0.3 }), spaced),
  elementwise('log1p', f.log1p, (shape) => real(shape, -0.5, 2)),
  elementwise('mish', f.mish),
  broadcasting('mod', f.mod, (shape) => real(shape, 2.1, 2.9), one),
  broadcasting('mod: below zero', f.mod, (shape) => real(shape, -1.85, -1.15), one),
  elementwise('mod: by a number', (x) => f.mod(x, -1), spaced),
  elementwise('reciprocal', f.reciprocal, positive),
  elementwise('round', f.round, spaced),
  { ...elementwise('sin', f.sin), reach: periods },
  elementwise('softplus', f.softplus),
  { ...elementwise('tan', f.tan, near), reach: periods },
];
