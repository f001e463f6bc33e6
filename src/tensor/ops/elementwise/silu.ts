import { activation } from '../activation';
import { add } from './add';
import { mul } from './mul';
import { sigmoid } from './sigmoid';
import { sub } from './sub';

/** x·sigmoid(x), also called swish. */
export const silu = activation('silu', {
  forward: (x) => mul(x, sigmoid(x)),
  // dx = g·s·(1 + x·(1 − s)), s = sigmoid(x)
  vjp(g, x) {
    const s = sigmoid(x);
    return mul(g, mul(s, add(1, mul(x, sub(1, s)))));
  },
});
