// Everything the CPU backend can call. Conventions of all kernels: pointers are byte offsets into linear memory and
// blocks start at multiples of 16; counts and strides are elements unless called bytes; results never overlap operands.
// A vector load may read up to 28 bytes past the end of an array (lanes that are then ignored); stores never do.

export { attention, attentionGrad, attentionScratch } from './attention';
export * from './elementwise';
export { gemm, gemmBatch, gemmPath, gemmRandom } from './products';
export * from './index';
export { move, moveAdd } from './movement';
export * from './updates';
export { randomFill } from './random';
export * from './random-cross';
export { argmax, reduceMax, reduceMin, reduceSum, reduceSumSquares, rowsOfBlock } from './reductions';
export * from './rows';
export * from './scan';
export * from './support';
export * from './top-k';
export { setWorkspace, workspaceBytes } from './workspace';

/** First byte that static data does not use: where the backend's workspace begins. */
export function heapBase(): usize {
  return __heap_base;
}
