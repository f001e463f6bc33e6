import { add } from './add';
import { binary, type Operand } from './binary';
import { cast } from './cast';
import { greater, greaterEqual } from './compare';
import { mul } from './mul';

/** The larger of a and b, elementwise; NaN wins. A tie gives half of the cotangent to each, as PyTorch does. */
export const maximum = binary('maximum', { a: (g, a, b) => mul(g, share(a, b)), b: (g, a, b) => mul(g, share(b, a)) });

/** The smaller of a and b, elementwise; NaN wins. Ties as in `maximum`. */
export const minimum = binary('minimum', { a: (g, a, b) => mul(g, share(b, a)), b: (g, a, b) => mul(g, share(a, b)) });

/** 1 where a > b, ½ where a = b, 0 elsewhere. */
function share(a: Operand, b: Operand) {
  return mul(0.5, add(cast(greater(a, b), 'float32'), cast(greaterEqual(a, b), 'float32')));
}
