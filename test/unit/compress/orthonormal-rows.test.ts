import { expect, it } from 'vitest';
import { fold, key } from '../../../src/base/key';
import { orthonormalRows } from '../../../src/compress/orthonormal-rows';

// Of these draws one pass of Gram-Schmidt leaves some at an angle of 3e-13: a direction that nearly lies in the span of
// the others is mostly rounding after it. The second pass leaves 1e-15.
it('are orthonormal to the last digits, however near a draw is to the span of those before it', () => {
  const d = 32;
  let worst = 0;
  for (let draw = 0; draw < 60; draw++) {
    const q = orthonormalRows(fold(key(0), 'q', draw), d, d);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let l = 0; l < d; l++) product += (q[i * d + l] as number) * (q[j * d + l] as number);
        worst = Math.max(worst, Math.abs(product - Number(i === j)));
      }
    }
  }
  expect(worst).toBeLessThan(1e-14);
});
