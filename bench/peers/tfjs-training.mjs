// Training steps of TensorFlow.js, in two forms that differ in their layers alone: `tfjs-plain.mjs` is what its
// documentation leads to, `tfjs-tuned.mjs` what its kernels reward. Weights are stored [inputs, outputs] in both, since
// that is the product that the backend is fast at.
import * as tf from '@tensorflow/tfjs-core';
import * as plain from './tfjs-plain.mjs';
import * as tuned from './tfjs-tuned.mjs';

const firstSteps = 4;
const learningRate = 1e-3;

/** @type {import('../contestant').Contestant['prepare']['gpt']} */
export function gpt({ vocabularySize, width, heads, layers, time, batch, batches }, arrays, settings) {
  const layer = settings.tuned ? tuned : plain;
  const p = variables(arrays);
  const rows = batch * time;
  const mask = tf.tidy(() => tf.mul(tf.sub(tf.linalg.bandPart(tf.ones([time, time]), -1, 0), 1), 1e9)); // 0 or −1e9
  const data = batchesOf(arrays, batches, ({ x, y }) => ({
    x: oneHot(x, vocabularySize), // [B·T, V]
    y: oneHot(y, vocabularySize),
  }));
  const linear = (x, path) => layer.linear(x, p[`${path}.weight`], p[`${path}.bias`]);
  const norm = (x, path) => layer.layerNorm(x, p[`${path}.weight`], p[`${path}.bias`]);

  function attention(x, path) {
    const split = tf.reshape(linear(x, `${path}.qkv`), [batch, time, 3, heads, width / heads]);
    const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])); // [B, H, T, d] each
    const scores = tf.add(tf.mul(layer.productNT(q, k), Math.sqrt(heads / width)), mask);
    const mixed = layer.product(tf.softmax(scores), v);
    return linear(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, width]), `${path}.proj`);
  }

  function loss({ x, y }) {
    const tokens = tf.reshape(layer.inputProduct(x, p['tokenEmbedding.weight']), [batch, time, width]);
    let stream = tf.reshape(tf.add(tokens, p['positionEmbedding.weight']), [rows, width]);
    for (let i = 0; i < layers; i++) {
      const block = `blocks.${i}`;
      stream = tf.add(stream, attention(norm(stream, `${block}.attentionNorm`), `${block}.attention`));
      const hidden = layer.gelu(linear(norm(stream, `${block}.mlpNorm`), `${block}.mlp.fc`));
      stream = tf.add(stream, linear(hidden, `${block}.mlp.proj`));
    }
    return layer.crossEntropy(layer.product(norm(stream, 'finalNorm'), p['head.weight']), y);
  }
  return steps(loss, p, data, layer.adam(learningRate));
}

/** @type {import('../contestant').Contestant['prepare']['mlp']} */
export function mlp({ sizes, batches }, arrays, settings) {
  const layer = settings.tuned ? tuned : plain;
  const p = variables(arrays);
  const data = batchesOf(arrays, batches, ({ x, y }) => ({
    x: tf.tensor(x.values, x.shape),
    y: oneHot(y, sizes.at(-1)),
  }));
  function loss({ x, y }) {
    let hidden = layer.inputLinear(x, p['layers.0.weight'], p['layers.0.bias']);
    for (let i = 1; i < sizes.length - 1; i++)
      hidden = layer.linear(tf.relu(hidden), p[`layers.${i}.weight`], p[`layers.${i}.bias`]);
    return layer.crossEntropy(hidden, y);
  }
  return steps(loss, p, data, layer.adam(learningRate));
}

/** @returns {import('../contestant').Prepared} */
function steps(loss, parameters, data, optimizer) {
  const list = Object.values(parameters);
  let taken = 0;
  const step = () => {
    const batch = data[taken++ % data.length];
    const { value, grads } = tf.variableGrads(() => loss(batch), list);
    optimizer.applyGradients(grads);
    const [number] = value.dataSync();
    tf.dispose([value, grads]);
    return number;
  };
  return { run: () => void step(), outcome: () => Array.from({ length: firstSteps }, step) };
}

/** Our weights by path; those of linear layers transposed. */
function variables(arrays) {
  const paths = Object.keys(arrays).filter((path) => !path.startsWith('batch.'));
  return Object.fromEntries(
    paths.map((path) => {
      const stored = tf.tensor(arrays[path].values, arrays[path].shape);
      const linear = stored.rank === 2 && !path.includes('Embedding');
      return [path, tf.variable(linear ? tf.transpose(stored) : stored)];
    }),
  );
}

const oneHot = ({ values }, depth) => tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(values, 'int32'), depth), 'float32'));

function batchesOf(arrays, batches, make) {
  return Array.from({ length: batches }, (_, i) => make({ x: arrays[`batch.${i}.x`], y: arrays[`batch.${i}.y`] }));
}
