import type { Reduction, Reductions } from '../contract';
import type { WasmDevice } from './device';
import { rowsOf } from './row-ranges';

const joins = {
  sum: 'reduceSum',
  sumSquares: 'reduceSumSquares',
  max: 'reduceMax',
  min: 'reduceMin',
} as const satisfies Record<Reduction, unknown>;

/** Sums in blocks of float32, so that bits do not depend on who adds what. */
export const reductions = (device: WasmDevice) =>
  ({
    reduce(op, x, axes) {
      const { heap } = device;
      const [outer, length, inner] = axes;
      heap.need(x.storage);
      const result = heap.make('float32', outer * inner);
      const work = x.storage.size * 0.3;
      if (outer === 1 && inner > 1) {
        device.spread(inner, 16, work, (kernels, at, from, to) => {
          kernels[joins[op]](at(x.storage) + 4 * from, at(result) + 4 * from, 1, length, to - from, inner);
        });
      } else {
        device.spread(outer, 1, work, (kernels, at, from, to) => {
          const [p, out] = [at(x.storage) + 4 * from * length * inner, at(result) + 4 * from * inner];
          kernels[joins[op]](p, out, to - from, length, inner, inner);
        });
      }
      return result;
    },
    argmax(x, axes) {
      const { heap } = device;
      const [outer, length, inner] = axes;
      heap.need(x.storage);
      const out = heap.make('int32', outer * inner);
      device.run((kernels, at) => kernels.argmax(at(x.storage), at(out), outer, length, inner));
      return out;
    },
    cumsum(x, [outer, length, inner], reverse) {
      const { heap } = device;
      heap.need(x.storage);
      const out = heap.make('float32', x.storage.size);
      device.run((kernels, at) => kernels.cumsum(at(x.storage), at(out), outer, length, inner, reverse ? 1 : 0));
      return out;
    },
    topK(x, k) {
      const { heap } = device;
      const [height, width] = rowsOf(x);
      heap.need(x.storage);
      const [indices, positions] = heap.makeAll([height * k, height * k], 'int32');
      device.run((kernels, at) => kernels.topK(at(x.storage), at(indices), at(positions), height, width, k));
      return [indices, positions];
    },
  }) satisfies Reductions;
