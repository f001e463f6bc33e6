import { chanceOf, type Distribution } from '../../base/distribution';
import { sizeOf } from '../../base/shape';
import type { Random, RandomMatrix } from '../contract';
import type { WasmDevice } from './device';
import { spreadProduct } from './product-ranges';

/** Random matrices are generated inside the product that needs them. */
export const random = (device: WasmDevice) =>
  ({
    random(kind, key, shape) {
      const { heap } = device;
      const result = heap.make('float32', sizeOf(shape));
      if (result.size === 0) return result;
      const columns = shape.at(-1) ?? 1;
      const rows = result.size / columns;
      device.spread(rows, 1, result.size * 3, (kernels, at, from, to) => {
        const out = at(result) + 4 * from * columns;
        kernels.randomFill(codeOf(kind), key[0], key[1], 1, from, to - from, 0, columns, out, columns);
      });
      return result;
    },
    /** The kernel generates the operand at address 0; its lane stride is 1 when lanes run along the columns of A. */
    matmulRandom(x, { kind, key, rows, columns, scale }, side, transpose) {
      const [height, width] = x.shape as readonly [number, number];
      const [m, n] = side === 'right' ? [height, transpose ? rows : columns] : [transpose ? columns : rows, width];
      device.heap.need(x.storage);
      const result = device.heap.make('float32', m * n);
      const code = codeOf(kind);
      const lane = (side === 'right') === transpose ? 0 : 1;
      if (side === 'right') {
        spreadProduct(device, 'rows', [m, n, width], (kernels, at, row, end) => {
          const [a, c] = [at(x.storage) + 4 * row * width, at(result) + 4 * row * n];
          kernels.gemmRandom(a, width, 1, 0, lane, 0, c, n, end - row, n, width, code, key[0], key[1], scale);
        });
      } else {
        spreadProduct(device, 'columns', [m, n, height], (kernels, at, column, end) => {
          const [b, c] = [at(x.storage) + 4 * column, at(result) + 4 * column];
          kernels.gemmRandom(0, lane, 0, b, 1, width, c, n, m, end - column, height, code, key[0], key[1], scale);
        });
      }
      return result;
    },
    randomCross(a, b) {
      const result = device.heap.make('float32', a.rows * b.rows);
      const told = ({ kind, key, scale, rows }: RandomMatrix) => [codeOf(kind), key[0], key[1], scale, rows] as const;
      device.run((kernels, at) => kernels.randomCross(...told(a), ...told(b), a.columns, at(result)));
      return result;
    },
  }) satisfies Required<Random>;

const codes = { uniform: 0, normal: 1, rademacher: 2 };
const sparseCode = 3;

/** A distribution as one whole number, its `kind` in `kernels/wasm/random.ts`: sparse ones come last, each with its chance. */
function codeOf(kind: Distribution): number {
  return typeof kind === 'object' ? sparseCode + chanceOf(kind) : codes[kind];
}
