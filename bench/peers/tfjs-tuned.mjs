// Layers with gradients written by hand for what the WebAssembly backend is fast at: its product is quick for plain
// operands and about 15 times slower for transposed ones, so everything is transposed first; its sum over the first
// axis is slower than a product with ones; its tanh is slower than its sigmoid; fewer ops copy less.
import * as tf from '@tensorflow/tfjs-core';

const swapped = (x) => tf.transpose(x, [...Array(x.rank - 2).keys(), x.rank - 1, x.rank - 2]);

/** a·b */
export const product = tf.customGrad((a, b, save) => {
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (g, [a, b]) => [tf.matMul(g, swapped(b)), tf.matMul(swapped(a), g)],
  };
});

/** a·bᵀ; heads are small, and there the backend does as well without the transposition. */
export const productNT = tf.customGrad((a, b, save) => {
  save([a, b]);
  return {
    value: tf.matMul(a, b, false, true),
    gradFunc: (g, [a, b]) => [tf.matMul(g, b), tf.matMul(swapped(g), a)],
  };
});

/** Sums of the columns of x [n, m], as a product. */
const columnSums = (x) => tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]), x), [x.shape[1]]);

/** x·W + b */
export const linear = tf.customGrad((x, weight, bias, save) => {
  save([x, weight]);
  return {
    value: tf.fused.matMul({ a: x, b: weight, bias }),
    gradFunc: (g, [x, weight]) => [tf.matMul(g, swapped(weight)), tf.matMul(swapped(x), g), columnSums(g)],
  };
});

/** The same for data, which need no gradient: x·W, and x·W + b. */
export const inputProduct = (x, weight) =>
  tf.customGrad(() => ({ value: tf.matMul(x, weight), gradFunc: (g) => [tf.matMul(swapped(x), g)] }))(weight);
export const inputLinear = (x, weight, bias) =>
  tf.customGrad(() => ({
    value: tf.fused.matMul({ a: x, b: weight, bias }),
    gradFunc: (g) => [tf.matMul(swapped(x), g), columnSums(g)],
  }))(weight, bias);

export const layerNorm = tf.customGrad((x, weight, bias, save) => {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5));
  const normal = tf.mul(centred, scale);
  save([normal, scale, weight]);
  return {
    value: tf.add(tf.mul(normal, weight), bias),
    gradFunc(g, [normal, scale, weight]) {
      const h = tf.mul(g, weight);
      const along = tf.mul(normal, tf.mean(tf.mul(h, normal), -1, true));
      const dx = tf.mul(tf.sub(tf.sub(h, tf.mean(h, -1, true)), along), scale);
      return [dx, columnSums(tf.mul(g, normal)), columnSums(g)];
    },
  };
});

const c = 2 * Math.sqrt(2 / Math.PI);

/** x·σ(c·(x + 0.044715·x³)), which is the tanh form. */
export const gelu = tf.customGrad((x, save) => {
  const square = tf.square(x);
  const gate = tf.sigmoid(tf.mul(x, tf.add(c, tf.mul(square, c * 0.044715))));
  save([x, square, gate]);
  return {
    value: tf.mul(x, gate),
    gradFunc(g, [x, square, gate]) {
      const slope = tf.mul(x, tf.add(c, tf.mul(square, 3 * c * 0.044715))); // x·u′
      return tf.mul(g, tf.mul(gate, tf.add(1, tf.mul(slope, tf.sub(1, gate)))));
    },
  };
});

/** Mean over the rows of −log softmax at the target. */
export const crossEntropy = tf.customGrad((logits, oneHot, save) => {
  const rows = logits.shape[0];
  const shifted = tf.sub(logits, tf.max(logits, -1, true));
  const powers = tf.exp(shifted);
  const sums = tf.sum(powers, -1, true);
  save([powers, sums, oneHot]);
  const losses = tf.sub(tf.log(tf.squeeze(sums, [-1])), tf.sum(tf.mul(shifted, oneHot), -1));
  return {
    value: tf.mean(losses),
    gradFunc: (g, [powers, sums, oneHot]) => [
      tf.mul(tf.sub(tf.div(powers, sums), oneHot), tf.div(g, rows)),
      tf.zerosLike(oneHot),
    ],
  };
});

/** Adam with its bias corrections folded into two numbers, which saves a third of the passes of `tf.train.adam`. */
export function adam(learningRate) {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const moments = new Map();
  let taken = 0;
  return {
    applyGradients(grads) {
      taken += 1;
      const root = Math.sqrt(1 - beta2 ** taken);
      const rate = (learningRate * root) / (1 - beta1 ** taken);
      for (const [name, g] of Object.entries(grads)) {
        const variable = tf.engine().registeredVariables[name];
        if (!moments.has(name)) {
          const zeros = () => tf.variable(tf.zerosLike(variable), false);
          moments.set(name, { m: zeros(), v: zeros() });
        }
        const { m, v } = moments.get(name);
        tf.tidy(() => {
          const mean = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1));
          const square = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2));
          const step = tf.div(mean, tf.add(tf.sqrt(square), epsilon * root));
          variable.assign(tf.sub(variable, tf.mul(step, rate)));
          m.assign(mean);
          v.assign(square);
        });
      }
    },
  };
}
