import { activation } from './activation';
import { add } from './add';
import { clip } from './clip';
import { mul } from './mul';
import { sigmoid } from './sigmoid';
import { sub } from './sub';

/** x·sigmoid(x), also called swish. */
export const silu = activation('silu', {
  forward: (x) => mul(x, sigmoid(x)),
  // dx = g·s·(1 + x·(1 − s)), s = sigmoid(x)
  vjp(g, at) {
    const x = clip(at, -750, 750); // the derivative is 0 or 1 beyond; infinity times 0 would be NaN
    const s = sigmoid(x);
    return mul(g, mul(s, add(1, mul(x, sub(1, s)))));
  },
});
