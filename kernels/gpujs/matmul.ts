/**
 * C = A·B, one element of C for each thread: column x, row y, matrix z. Reads 2·k numbers to make one: memory decides.
 * A [batch, m, k] and B [batch, k, n], or one of them once for all (step 0). Flags say what is stored swapped.
 */
export const naive = (transposeA: boolean, transposeB: boolean): string => /* js */ `
function (a, b, k, stepA, stepB) {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    sum += a[this.thread.z * stepA]${transposeA ? '[i][this.thread.y]' : '[this.thread.y][i]'}
         * b[this.thread.z * stepB]${transposeB ? '[this.thread.x][i]' : '[i][this.thread.x]'};
  }
  return sum;
}`;
