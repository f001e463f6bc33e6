// jax-js on its WebAssembly backend. Arrays are consumed by what reads them; `.ref` keeps one for later.
import { readFileSync } from 'node:fs';
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np } from '@jax-js/jax';
import { gpt, mlp } from './jax-training.mjs';

await init('wasm');
defaultDevice('wasm');
const packageFile = new URL('./node_modules/@jax-js/jax/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));

export const describe = () =>
  `@jax-js/jax ${version}, wasm backend, 1 thread; each case in one jit (single additions without), training with optax's Adam inside it`;

const array = ({ shape, values }) =>
  np.array(values, { shape: [...shape], dtype: values instanceof Int32Array ? np.int32 : np.float32 });

/** @returns {import('../contestant').Prepared} */
const prepareOp = (op) => ({
  async run() {
    const result = op();
    await blockUntilReady(result);
    result.dispose();
  },
  outcome: () => op().data(),
});

const ops = { add: np.add, mul: np.multiply, exp: np.exp, tanh: np.tanh, gelu: nn.gelu };
const swapped = (x) => np.swapaxes(x, -1, -2);

/** @type {import('../contestant').Contestant['prepare']} */
export const prepare = {
  matmul({ transposeA, transposeB }, arrays) {
    const [a, b] = [array(arrays.a), array(arrays.b)];
    const product = jit((a, b) => np.matmul(transposeA ? swapped(a) : a, transposeB ? swapped(b) : b));
    return prepareOp(() => product(a.ref, b.ref));
  },
  elementwise({ op }, arrays) {
    const [x, y] = [array(arrays.x), array(arrays.y)];
    const f = jit(ops[op]);
    return prepareOp(op === 'add' || op === 'mul' ? () => f(x.ref, y.ref) : () => f(x.ref));
  },
  dispatch({ repeats }, arrays) {
    const [x, y] = [array(arrays.x), array(arrays.y)];
    return {
      /** Waiting for all at the end takes half the time of waiting for each; a jit of one addition takes longer. */
      async run() {
        const sums = Array.from({ length: repeats }, () => np.add(x.ref, y.ref));
        await blockUntilReady(sums);
        for (const sum of sums) sum.dispose();
      },
      outcome: () => np.add(x.ref, y.ref).data(),
    };
  },
  gpt,
  mlp,
};
