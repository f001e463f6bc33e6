import { type Row, row } from '../harness';
import { type KindName, numbers, options } from '../kinds';

const shapes: readonly KindName[] = ['[]', '[1]'];

export const creation: readonly Row[] = [
  row('tensor', () => [[1, 2, 3], { dtype: 'float32' }], [
    [...numbers, '[]', '[1]', 'Float32Array', 'Float64Array'],
    options,
  ]),
  row('zeros', () => [[2, 3]], [shapes]),
  row('ones', () => [[2, 3]], [shapes]),
  row('full', () => [[2, 3], 7], [shapes, numbers]),
  row('arange', () => [5], [['0']]),
  row('eye', () => [3], [['0']]),
];
