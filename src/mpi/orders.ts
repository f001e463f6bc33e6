/**
 * The sum of `size` blocks that lie one after the other, in a fixed order of additions.
 *
 * `sequence`: ((0 + b₀) + b₁) + b₂ + …, as `accumulate` adds, from zero. `tree`: neighbours first, (b₀ + b₁) + (b₂ + b₃); where
 * a number is not even the last one waits for the next level. Each addition is rounded to float32.
 */
export function addBlocks(blocks: Float32Array, size: number, order: 'tree' | 'sequence'): Float32Array {
  const length = blocks.length / size;
  const block = (i: number): Float32Array => blocks.subarray(i * length, (i + 1) * length);
  if (order === 'sequence') {
    const sum = new Float32Array(length);
    for (let i = 0; i < size; i++) addTo(sum, block(i));
    return sum;
  }
  // After the level of distance d, block i is the sum of blocks i … i + 2d − 1, for every i that is a multiple of 2d.
  for (let distance = 1; distance < size; distance *= 2) {
    for (let i = 0; i + distance < size; i += 2 * distance) addTo(block(i), block(i + distance));
  }
  return block(0);
}

function addTo(sum: Float32Array, x: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (x[i] as number);
}
