// js-pytorch on its CPU device: nested arrays, and gpu.js in mode cpu for products. Its layers have other formulas (no
// GELU, no epsilon in the norm, Adam without bias correction), so the step is written with its tensors.
import { readFileSync } from 'node:fs';
import { torch } from 'js-pytorch';

const { version } = JSON.parse(
  readFileSync(new URL('./node_modules/js-pytorch/package.json', import.meta.url), 'utf8'),
);

export const describe = () => `js-pytorch ${version}, device cpu, plain JavaScript, 1 thread`;

/** A step takes half a minute, so that only two losses are compared. */
const firstSteps = 2;
const learningRate = 1e-3;

/** @type {import('../contestant').Contestant['prepare']} */
export const prepare = {
  gpt({ width, heads, layers, time, batch, batches }, arrays) {
    const p = parametersOf(arrays);
    const rows = batch * time;
    const positions = Array.from({ length: rows }, (_, i) => i % time);
    const mask = torch.broadcast(torch.tril([time, time]), torch.zeros([batch, heads, time, time]));
    const crossEntropy = new torch.nn.CrossEntropyLoss();

    const linear = (x, path) => x.matmul(p[`${path}.weight`]).add(p[`${path}.bias`]);

    /** A sum with `keepdims` fills the axis with copies, so that nothing is left to broadcast. */
    function norm(x, path) {
      const centred = x.sub(x.sum(-1, true).div(width));
      const variance = centred.mul(centred).sum(-1, true).div(width);
      return centred.div(variance.add(1e-5).sqrt()).mul(p[`${path}.weight`]).add(p[`${path}.bias`]);
    }

    /** x·σ(2u), which is the tanh form. */
    function gelu(x) {
      const u = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
      return x.div(torch.exp(u.mul(-2)).add(1));
    }

    /** Softmax of rows; the gradient of its own is wrong for square matrices, whose axes it confuses. */
    function softmax(x) {
      const powers = torch.exp(x);
      return powers.div(powers.sum(-1, true));
    }

    function attention(x, path) {
      const split = (part) =>
        linear(x, `${path}.${part}`)
          .reshape([batch, time, heads, width / heads])
          .transpose(1, 2);
      const scores = split('q')
        .matmul(split('k').transpose(2, 3))
        .mul(Math.sqrt(heads / width));
      const masked = scores.masked_fill(mask, (seen) => seen === 0, -Infinity);
      const mixed = softmax(masked.reshape([batch * heads * time, time]))
        .reshape(scores.shape)
        .matmul(split('v'));
      return linear(mixed.transpose(1, 2).reshape([rows, width]), `${path}.proj`);
    }

    function loss({ x, y }) {
      let stream = p['tokenEmbedding.weight'].at(x).add(p['positionEmbedding.weight'].at(positions));
      for (let i = 0; i < layers; i++) {
        const block = `blocks.${i}`;
        stream = stream.add(attention(norm(stream, `${block}.attentionNorm`), `${block}.attention`));
        const hidden = gelu(linear(norm(stream, `${block}.mlpNorm`), `${block}.mlp.fc`));
        stream = stream.add(linear(hidden, `${block}.mlp.proj`));
      }
      return crossEntropy.forward(norm(stream, 'finalNorm').matmul(p['head.weight']), torch.tensor(y));
    }
    const data = Array.from({ length: batches }, (_, i) => ({
      x: Array.from(arrays[`batch.${i}.x`].values),
      y: Array.from(arrays[`batch.${i}.y`].values),
    }));
    return steps(loss, Object.values(p), data);
  },
};

/** @returns {import('../contestant').Prepared} */
function steps(loss, parameters, data) {
  const adam = adamFor(parameters);
  let taken = 0;
  const step = () => {
    const value = loss(data[taken++ % data.length]);
    value.backward();
    adam(taken);
    value.zero_grad_graph();
    return value.data[0];
  };
  return { run: () => void step(), outcome: () => Array.from({ length: firstSteps }, step) };
}

/** Its own `Adam`, with the bias corrections. */
function adamFor(parameters) {
  const moments = parameters.map(({ shape }) => ({ m: torch.zeros(shape), v: torch.zeros(shape) }));
  return (taken) => {
    for (const [i, parameter] of parameters.entries()) {
      const g = torch.tensor(parameter.grad);
      const m = moments[i].m.mul(0.9).add(g.mul(0.1));
      const v = moments[i].v.mul(0.999).add(g.mul(g).mul(0.001));
      const root = v.div(1 - 0.999 ** taken).sqrt();
      const step = m.mul(learningRate / (1 - 0.9 ** taken)).div(root.add(1e-8));
      parameter._data = torch.tensor(parameter.data).sub(step).data;
      moments[i] = { m: torch.tensor(m.data), v: torch.tensor(v.data) };
    }
  };
}

/** Our weights as nested arrays; linear ones transposed, and queries, keys and values apart, as it has no slice. */
function parametersOf(arrays) {
  const parameters = {};
  for (const [path, { shape, values }] of Object.entries(arrays)) {
    if (path.startsWith('batch.')) continue;
    const rows = shape.length === 1 ? Array.from(values) : nested(values, shape);
    for (const [name, part] of path.includes('.qkv.') ? thirds(path, rows) : [[path, rows]]) {
      const linear = shape.length === 2 && !path.includes('Embedding');
      parameters[name] = torch.tensor(linear ? transposed(part) : part, true);
    }
  }
  return parameters;
}

const nested = (values, [rows, columns]) =>
  Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));

const transposed = (rows) => rows[0].map((_, i) => rows.map((row) => row[i]));

const thirds = (path, rows) =>
  ['q', 'k', 'v'].map((name, i) => [
    path.replace('.qkv.', `.${name}.`),
    rows.slice((i * rows.length) / 3, ((i + 1) * rows.length) / 3),
  ]);
