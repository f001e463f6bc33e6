// Layers as the documentation of TensorFlow.js leads to them, with its own gradients.
import * as tf from '@tensorflow/tfjs-core';

export const product = (a, b) => tf.matMul(a, b);
export const productNT = (a, b) => tf.matMul(a, b, false, true);
export const linear = (x, weight, bias) => tf.add(tf.matMul(x, weight), bias);
export const [inputProduct, inputLinear] = [product, linear];

export function layerNorm(x, weight, bias) {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), weight), bias);
}

export function gelu(x) {
  const u = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(u), 1));
}

export const crossEntropy = (logits, oneHot) => tf.losses.softmaxCrossEntropy(oneHot, logits);

export const adam = (learningRate) => tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
