// gpu.js with its WebAssembly mode; a product is the kernel that its README shows.
import { createRequire } from 'node:module';
import { GPU, input } from 'gpu.js';

const { version } = createRequire(import.meta.url)('gpu.js/package.json');

export const describe = () => `gpu.js ${version}, mode webasm, SIMD, 1 thread (calls without asyncMode)`;

/** @type {import('../contestant').Contestant['prepare']} */
export const prepare = {
  matmul({ batch, m, k, n, transposeA, transposeB }, arrays) {
    const gpu = new GPU({ mode: 'webasm' });
    const [a, b] = [toInput(arrays.a), toInput(arrays.b)];
    const kernel = gpu
      .createKernel(kernels[`${batch > 1 ? 'batched ' : ''}${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`])
      .setConstants({ k })
      .setOutput(batch > 1 ? [n, m, batch] : [n, m]);
    const run = () => kernel(a, b);
    return {
      run: () => void run(),
      outcome() {
        const result = run();
        const mode = kernel.kernel.constructor.mode;
        if (mode !== 'webasm') throw new Error(`gpu.js ran it in mode ${mode}: ${kernel.kernel.fallbackReason}`);
        const rows = batch > 1 ? result.flat() : result;
        return rows.flatMap((row) => Array.from(row));
      },
    };
  },
};

/** Flat values with their shape, innermost first: the form that gpu.js reads without copying rows. */
const toInput = ({ shape, values }) => input(values, [...shape].reverse());

// gpu.js compiles the source of a function, so each case is written out.
const kernels = {
  NN: function (a, b) {
    let sum = 0;
    for (let i = 0; i < this.constants.k; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
    return sum;
  },
  NT: function (a, b) {
    let sum = 0;
    for (let i = 0; i < this.constants.k; i++) sum += a[this.thread.y][i] * b[this.thread.x][i];
    return sum;
  },
  TN: function (a, b) {
    let sum = 0;
    for (let i = 0; i < this.constants.k; i++) sum += a[i][this.thread.y] * b[i][this.thread.x];
    return sum;
  },
  'batched NT': function (a, b) {
    let sum = 0;
    for (let i = 0; i < this.constants.k; i++)
      sum += a[this.thread.z][this.thread.y][i] * b[this.thread.z][this.thread.x][i];
    return sum;
  },
};
