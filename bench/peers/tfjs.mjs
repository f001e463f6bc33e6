// TensorFlow.js on its WebAssembly backend.
import { getThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // in Node, the gradients of the core's ops come with it
import { gpt, mlp } from './tfjs-training.mjs';

await tf.setBackend('wasm');

/** @type {import('../contestant').Contestant['describe']} */
export async function describe({ tuned }) {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const form = tuned
    ? '; training with gradients written by hand: products transpose first, since only untransposed ones are fast'
    : '; training as its documentation shows it, with one-hot embeddings, since gather has no gradient here';
  return `@tensorflow/tfjs-backend-wasm ${tf.version_core}, ${simd ? 'SIMD' : 'no SIMD'}, ${getThreadsCount()} thread${form}`;
}

const tensor = ({ shape, values }) => tf.tensor(values, shape, values instanceof Int32Array ? 'int32' : 'float32');

/** @returns {import('../contestant').Prepared} */
const prepareOp = (op) => ({
  run: () => tf.dispose(op()),
  outcome: () => op().dataSync(),
});

const gelu = (x) => {
  const u = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(u)));
};
const ops = { add: tf.add, mul: tf.mul, exp: tf.exp, tanh: tf.tanh, gelu: (x) => tf.tidy(() => gelu(x)) };

/** @type {import('../contestant').Contestant['prepare']} */
export const prepare = {
  matmul({ transposeA, transposeB }, arrays) {
    const [a, b] = [tensor(arrays.a), tensor(arrays.b)];
    return prepareOp(() => tf.matMul(a, b, transposeA, transposeB));
  },
  elementwise({ op }, arrays) {
    const [x, y] = [tensor(arrays.x), tensor(arrays.y)];
    return prepareOp(() => ops[op](x, y));
  },
  dispatch({ repeats }, arrays, { record }) {
    const [x, y] = [tensor(arrays.x), tensor(arrays.y)];
    const additions = () => {
      for (let i = 0; i < repeats; i++) tf.add(x, y);
    };
    const chain = (start) => {
      let result = start;
      for (let i = 0; i < repeats; i++) result = tf.add(result, y);
      return tf.sum(result);
    };
    const gradient = tf.grad(chain);
    return {
      run: record === 'no' ? () => tf.tidy(additions) : () => tf.dispose(gradient(x)),
      outcome: () => tf.add(x, y).dataSync(),
    };
  },
  gpt,
  mlp,
};
