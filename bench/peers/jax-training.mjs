// Training steps of jax-js: loss, gradients and Adam in one jit, embeddings as products with one-hot rows. Every read of
// an array but the last takes a `.ref`.
import { jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';

const firstSteps = 4;
const learningRate = 1e-3;

/** @type {import('../contestant').Contestant['prepare']['gpt']} */
export function gpt({ vocabularySize, width, heads, layers, time, batch, batches }, arrays) {
  const linear = (x, p, path) => np.add(np.matmul(x, np.transpose(p[`${path}.weight`])), p[`${path}.bias`]);

  function norm(x, p, path) {
    const centred = np.subtract(x.ref, np.mean(x, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
    const normal = np.divide(centred, np.sqrt(np.add(variance, 1e-5)));
    return np.add(np.multiply(normal, p[`${path}.weight`]), p[`${path}.bias`]);
  }

  /** Written out: `nn.dotProductAttention` needs iterator helpers, which Node 20 lacks. */
  function attention(x, p, path) {
    const split = np.reshape(linear(x, p, `${path}.qkv`), [batch, time, 3, heads, width / heads]);
    const [q, k, v] = np.split(np.transpose(split, [2, 0, 3, 1, 4]), 3, 0).map((part) => np.squeeze(part, 0)); // [B, H, T, d]
    const scores = np.multiply(np.matmul(q, np.swapaxes(k, -1, -2)), Math.sqrt(heads / width));
    const seen = np.tri(time, time, 0, { dtype: np.bool });
    const weights = nn.softmax(np.where(seen, scores, -1e9), -1);
    const mixed = np.transpose(np.matmul(weights, v), [0, 2, 1, 3]);
    return linear(np.reshape(mixed, [batch * time, width]), p, `${path}.proj`);
  }

  function loss(p, x, y) {
    const tokens = np.matmul(nn.oneHot(x, vocabularySize), p['tokenEmbedding.weight']); // [B, T, D]
    let stream = np.reshape(np.add(tokens, p['positionEmbedding.weight']), [batch * time, width]);
    for (let i = 0; i < layers; i++) {
      const block = `blocks.${i}`;
      stream = np.add(stream.ref, attention(norm(stream, p, `${block}.attentionNorm`), p, `${block}.attention`));
      const hidden = nn.gelu(linear(norm(stream.ref, p, `${block}.mlpNorm`), p, `${block}.mlp.fc`));
      stream = np.add(stream, linear(hidden, p, `${block}.mlp.proj`));
    }
    const logits = np.matmul(norm(stream, p, 'finalNorm'), np.transpose(p['head.weight']));
    return crossEntropy(logits, nn.oneHot(np.reshape(y, [batch * time]), vocabularySize));
  }
  return steps(loss, arrays, batches);
}

/** @type {import('../contestant').Contestant['prepare']['mlp']} */
export function mlp({ sizes, batches }, arrays) {
  function loss(p, x, y) {
    let hidden = x;
    for (let i = 0; i < sizes.length - 1; i++) {
      if (i > 0) hidden = nn.relu(hidden);
      hidden = np.add(np.matmul(hidden, np.transpose(p[`layers.${i}.weight`])), p[`layers.${i}.bias`]);
    }
    return crossEntropy(hidden, nn.oneHot(y, sizes.at(-1)));
  }
  return steps(loss, arrays, batches);
}

/** Mean over the rows. */
function crossEntropy(logits, oneHot) {
  const rows = logits.shape[0];
  return np.divide(np.sum(np.multiply(nn.logSoftmax(logits, -1), oneHot)), -rows);
}

/** @returns {import('../contestant').Prepared} */
function steps(loss, arrays, batches) {
  const paths = Object.keys(arrays).filter((path) => !path.startsWith('batch.'));
  let parameters = Object.fromEntries(paths.map((path) => [path, array(arrays[path])]));
  let moments = {
    mean: tree.map((x) => np.zerosLike(x.ref), parameters),
    square: tree.map((x) => np.zerosLike(x.ref), parameters),
  };
  const data = Array.from({ length: batches }, (_, i) => [
    array(arrays[`batch.${i}.x`]),
    array(arrays[`batch.${i}.y`]),
  ]);
  const update = jit((parameters, moments, x, y, rate, root) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(parameters), x, y);
    return [value, ...adam(parameters, moments, grads, rate, root)];
  });
  let taken = 0;

  async function step() {
    const [x, y] = data[taken++ % batches];
    const rate = np.array(1 / (1 - 0.9 ** taken));
    const root = np.array(1 / (1 - 0.999 ** taken));
    const [value, nextParameters, nextMoments] = update(parameters, moments, x.ref, y.ref, rate, root);
    parameters = nextParameters;
    moments = nextMoments;
    return (await value.data())[0];
  }
  return {
    run: async () => void (await step()),
    async outcome() {
      const losses = [];
      for (let i = 0; i < firstSteps; i++) losses.push(await step());
      return losses;
    },
  };
}

/** `scale_by_adam` and the learning rate as in optax: m̂/(√v̂ + ε), with 1/(1 − β^t) given as numbers. */
function adam(parameters, { mean, square }, grads, meanFactor, squareFactor) {
  const next = { mean: {}, square: {} };
  const updated = {};
  for (const [path, g] of Object.entries(grads)) {
    const m = np.add(np.multiply(mean[path], 0.9), np.multiply(g.ref, 0.1));
    const v = np.add(np.multiply(square[path], 0.999), np.multiply(np.square(g), 0.001));
    const unbiased = np.multiply(m.ref, meanFactor.ref);
    const root = np.sqrt(np.multiply(v.ref, squareFactor.ref));
    const step = np.multiply(np.divide(unbiased, np.add(root, 1e-8)), learningRate);
    updated[path] = np.subtract(parameters[path], step);
    next.mean[path] = m;
    next.square[path] = v;
  }
  meanFactor.dispose();
  squareFactor.dispose();
  return [updated, next];
}

const array = ({ shape, values }) =>
  np.array(values, { shape: [...shape], dtype: values instanceof Int32Array ? np.int32 : np.float32 });
