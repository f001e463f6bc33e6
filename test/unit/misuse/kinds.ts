import { int32, Linear, ones, random, scope, type Tensor, tensor } from './library';

/** Values of every kind that a caller may pass by mistake, each made anew. */
export const kinds = {
  undefined: () => undefined,
  null: () => null,
  false: () => false,
  true: () => true,
  '0': () => 0,
  '-1': () => -1,
  '1.5': () => 1.5,
  '2**53': () => 2 ** 53,
  NaN: () => Number.NaN,
  Infinity: () => Infinity,
  "''": () => '',
  "'x'": () => 'x',
  '1n': () => 1n,
  symbol: () => Symbol('s'),
  '[]': () => [],
  '[1]': () => [1],
  '[1.5]': () => [1.5],
  '[hole]': () => new Array(1),
  "['a']": () => ['a'],
  '{}': () => ({}),
  '{ unknown }': () => ({ unknown: 1 }),
  function: () => () => undefined,
  'async function': () => async () => undefined,
  promise: () => Promise.resolve(1),
  date: () => new Date(0),
  map: () => new Map([['w', 1]]),
  Float32Array: () => Float32Array.of(1, 2),
  Float64Array: () => Float64Array.of(1, 2),
  ArrayBuffer: () => new ArrayBuffer(8),
  /** An int32 tensor [3]. */
  int32: () => int32([0, 1, 0]),
  /** A float32 tensor of a shape that no valid call has. */
  'other shape': () => ones([5, 7]),
  freed: () => freed(),
  module: () => new Linear(2, 2, { key: random.key(0) }),
  '[tensor]': () => [ones([2, 3])],
  '{ tensor }': () => ({ w: ones([2, 3]) }),
} satisfies Record<string, () => unknown>;

export type KindName = keyof typeof kinds;

function freed(): Tensor {
  let gone: Tensor | undefined;
  scope(() => {
    gone = tensor([1, 2]);
  });
  return gone as Tensor;
}

// What positions legitimately accept, in the words of their types. A row that says too little fails as well as one
// that says too much.

/** A position that may be left out. */
export const left: readonly KindName[] = ['undefined'];
/** The options of a function whose options all have defaults. */
export const options: readonly KindName[] = ['undefined', '{}'];
export const numbers: readonly KindName[] = ['0', '-1', '1.5', '2**53', 'NaN', 'Infinity'];
/** A float32 tensor of any shape. */
export const floats: readonly KindName[] = ['other shape'];
/** A tensor of any dtype and shape. */
export const tensors: readonly KindName[] = ['other shape', 'int32'];
export const functions: readonly KindName[] = ['function', 'async function'];
export const everything: readonly KindName[] = Object.keys(kinds) as KindName[];
export const nothing: readonly KindName[] = [];

export function but(names: readonly KindName[], ...without: readonly KindName[]): readonly KindName[] {
  return names.filter((name) => !without.includes(name));
}
