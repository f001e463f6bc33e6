import fc from 'fast-check';
import * as f from '../../../src/index';
import { type OpRow, opCase, real, shapesOf } from '../../../src/laws';
import { row } from '../op-cases';

/** Ops of attention. */
export const attentionRows: readonly OpRow[] = [
  row('rotary', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), fc.tuple(extent, extent), fc.nat(5), fc.constantFrom(10, 10000))
      .map(([batch, [time, pairs], offset, base]) =>
        opCase([real([...batch, time, 2 * pairs])], (x) => f.rotary(x, { base, offset }), { base, offset }),
      ),
  ),
];
