import { chanceOf, type Distribution } from '../../base/distribution';
import type { Key } from '../../base/key';
import { type Shape, sizeOf } from '../../base/shape';
import type { RandomMatrix, Storage } from '../contract';
import type { WasmDevice } from './device';

const codes = { uniform: 0, normal: 1, rademacher: 2 };
const sparseCode = 3;

/** A distribution as one whole number, its `kind` in `kernels/wasm/random.ts`: sparse ones come last, each with its chance. */
export function codeOf(kind: Distribution): number {
  return typeof kind === 'object' ? sparseCode + chanceOf(kind) : codes[kind];
}

export function random(device: WasmDevice, kind: Distribution, key: Key, shape: Shape): Storage {
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
}

export function randomCross(device: WasmDevice, a: RandomMatrix, b: RandomMatrix): Storage {
  const result = device.heap.make('float32', a.rows * b.rows);
  const parts = [a, b].flatMap(({ kind, key, scale, rows }) => [codeOf(kind), key[0], key[1], scale, rows]);
  device.run((kernels, at) => kernels.randomCross(...parts, a.columns, at(result)));
  return result;
}
