// Everything the CPU backend can call. Conventions of all kernels: pointers are byte offsets into linear memory and
// blocks start at multiples of 16; counts and strides are elements unless called bytes; results never overlap operands.
// A vector load may read up to 12 bytes past the end of an array (lanes that are then ignored); stores never do.

export * from './elementwise';
export * from './gemm';
export * from './index';
export * from './move';
export * from './optimizer';
export { randomFill } from './random';
export * from './random-cross';
export { argmax, reduceMax, reduceMin, reduceSum } from './reduce';
export * from './rows';
export * from './scan';
export * from './top-k';

/** First byte that static data does not use: where the backend's workspace begins. */
export function heapBase(): usize {
  return __heap_base;
}
