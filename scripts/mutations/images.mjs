// Convolutions, pools, norms over channels, and losses.

const torch = (op) => `test/laws/ops-torch.test.ts > ${op}`;
const layer = (name) => `test/unit/nn/layers/images-golden.test.ts > ${name}`;
const batchNorm = 'test/unit/nn/layers/batch-norm.test.ts';
const losses = 'test/unit/tensor/ops/rows/losses.test.ts';
const pools = 'test/unit/tensor/ops/reductions/pool.test.ts';
const convolutions = 'test/unit/tensor/ops/products/convolutions.test.ts';
const products = 'src/tensor/ops/products';
const rows = 'src/tensor/ops/rows';
const layers = 'src/nn/layers';

export const IMAGES = [
  {
    name: 'patches: gaps of the other axis',
    file: `${products}/patches.ts`,
    find: 'dilation[0] * row, dilation[1] * pixel',
    replace: 'dilation[1] * row, dilation[0] * pixel',
    tests: [torch('conv2d')],
  },
  {
    name: 'patches: a kernel that reaches as far as without gaps',
    file: `${products}/patches.ts`,
    find: 'dilation[axis] * (kernel[axis] - 1) + 1',
    replace: 'kernel[axis]',
    tests: [`${convolutions} > dilation`],
  },
  {
    name: 'conv2d: outputs that may be of any number with groups',
    file: `${products}/convolution.ts`,
    find: ' && (w.shape[0] as number) % groups === 0;',
    replace: ';',
    tests: [`${convolutions} > do not divide`],
  },
  {
    name: 'conv2d: images instead of channels in a group',
    file: `${products}/convolution.ts`,
    find: 'reshape(transpose(x, [1, 0, 2, 3]), [groups',
    replace: 'reshape(transpose(x, [0, 1, 2, 3]), [groups',
    tests: [torch('conv2d')],
  },
  {
    name: 'conv1d: a stride of the axis that it does not have',
    file: `${products}/conv1d.ts`,
    find: 'stride: [1, stride],',
    replace: 'stride: [stride, 1],',
    tests: [torch('conv1d')],
  },
  {
    name: 'convTranspose2d: padding on one side',
    file: `${products}/conv-transpose2d.ts`,
    find: '2 * at.padding[axis] +',
    replace: 'at.padding[axis] +',
    tests: [torch('convTranspose2d')],
  },
  {
    name: 'convTranspose2d: output padding up to the stride',
    file: `${products}/conv-transpose2d.ts`,
    find: 'extent >= (at.stride[axis] as number)',
    replace: 'extent > (at.stride[axis] as number)',
    tests: [`${convolutions} > refuses an outputPadding`],
  },
  {
    name: 'maxPool: zeros beyond the border',
    file: 'src/tensor/ops/reductions/max-pool.ts',
    find: 'pad(x, border, Number.NEGATIVE_INFINITY)',
    replace: 'pad(x, border, 0)',
    tests: [`${pools} > beyond the border`],
  },
  {
    name: 'maxPool: the gradient to all equal pixels',
    file: 'src/tensor/ops/reductions/max-pool.ts',
    find: 'equal(reshape(argmax(columns, { axis: 0 }), [1, width]), reshape(arange(count), [count, 1]))',
    replace: 'equal(reshape(max(columns, { axis: 0 }), [1, width]), reshape(columns, [count, width]))',
    tests: [`${pools} > equal pixels`],
  },
  {
    name: 'avgPool: a gradient that is not shared out',
    file: 'src/tensor/ops/reductions/avg-pool.ts',
    find: 'mul(g, 1 / count)',
    replace: 'mul(g, 1)',
    tests: [torch('avgPool')],
  },
  {
    name: 'pools: windows one pixel apart by default',
    file: 'src/tensor/ops/reductions/pool.ts',
    find: 'const { stride = kernel, padding }',
    replace: 'const { stride = 1, padding }',
    tests: [`${pools} > side by side`],
  },
  {
    name: 'BatchNorm: the biased variance in the running one',
    file: `${layers}/batch-norm.ts`,
    find: 'variance(rows, { axis: 1 })',
    replace: 'variance(rows, { axis: 1, correction: 0 })',
    tests: [layer('BatchNorm rows')],
  },
  {
    name: 'BatchNorm: a momentum of what was',
    file: `${layers}/batch-norm.ts`,
    find: 'add(mul(before, 1 - this.momentum), mul(batch(), this.momentum))',
    replace: 'add(mul(before, this.momentum), mul(batch(), 1 - this.momentum))',
    tests: [layer('BatchNorm rows')],
  },
  {
    name: 'BatchNorm: statistics of the batch in every pass',
    file: `${layers}/batch-norm.ts`,
    find: 'options.key ? this.#byBatch(x)',
    replace: 'options ? this.#byBatch(x)',
    tests: [`${batchNorm} > without a key`],
  },
  {
    name: 'BatchNorm: ε left out of the running variance',
    file: `${layers}/batch-norm.ts`,
    find: 'rsqrt(add(this.runningVariance, this.epsilon))',
    replace: 'rsqrt(this.runningVariance)',
    tests: [layer('BatchNorm images')],
  },
  {
    name: 'BatchNorm: a batch of one value',
    file: `${layers}/batch-norm.ts`,
    find: 'x.size / channels < 2',
    replace: 'x.size / channels < 1',
    tests: [`${batchNorm} > batch-norm`],
  },
  {
    name: 'BatchNorm: a running variance that is no buffer',
    file: `${layers}/batch-norm.ts`,
    find: 'this.runningVariance = buffer(ones([channels]));',
    replace: 'this.runningVariance = ones([channels]);',
    tests: [layer('BatchNorm rows')],
  },
  {
    name: 'GroupNorm: all channels in one group',
    file: `${layers}/group-norm.ts`,
    find: '(x.shape[0] as number) * this.groups;',
    replace: 'x.shape[0] as number;',
    tests: [layer('GroupNorm')],
  },
  {
    name: 'Conv2d: gaps left out of the forward pass',
    file: `${layers}/conv2d.ts`,
    find: 'this.bias ?? undefined, { stride, padding, dilation, groups })',
    replace: 'this.bias ?? undefined, { stride, padding, groups })',
    tests: [layer('Conv2d')],
  },
  {
    name: 'ConvTranspose2d: the weight of a Conv2d',
    file: `${layers}/conv-transpose2d.ts`,
    find: '[inputs, outputs / groups, kh, kw], bound',
    replace: '[outputs, inputs / groups, kh, kw], bound',
    tests: [layer('ConvTranspose2d')],
  },
  {
    name: 'bceWithLogits: an exponential that overflows',
    file: `${rows}/bce-with-logits.ts`,
    find: 'return add(relu(neg(x)), log(add(exp(neg(abs(x))), 1)));',
    replace: 'return log(add(exp(neg(x)), 1));',
    tests: [`${losses} > finite for every logit`],
  },
  {
    name: 'bceWithLogits: the weight on negative targets too',
    file: `${rows}/bce-with-logits.ts`,
    find: 'mul(sub(1, t), surprise(neg(x)))',
    replace: 'mul(mul(w, sub(1, t)), surprise(neg(x)))',
    tests: [torch('bceWithLogits')],
  },
  {
    name: 'bceWithLogits: a gradient without the weight',
    file: `${rows}/bce-with-logits.ts`,
    find: 'mul(share(t, w), sigmoid(neg(x)))',
    replace: 'sigmoid(neg(x))',
    tests: [torch('bceWithLogits')],
  },
  {
    name: 'huber: a line through the origin',
    file: 'src/tensor/ops/reductions/huber.ts',
    find: 'sub(r, mul(q, 0.5))',
    replace: 'mul(r, 0.5)',
    tests: [`${losses} > huber`],
  },
  {
    name: 'klDivergence: the other order',
    file: `${rows}/kl-divergence.ts`,
    find: 'const p = exp(logP);',
    replace: 'const p = exp(logQ);',
    tests: [torch('klDivergence')],
  },
  {
    name: 'klDivergence: 0·log 0 as it comes',
    file: `${rows}/kl-divergence.ts`,
    find: 'where(greater(p, 0), sub(logP, logQ), 0)',
    replace: 'sub(logP, logQ)',
    tests: [`${losses} > klDivergence`],
  },
  {
    name: 'crossEntropy: a mean over ignored rows too',
    file: `${rows}/cross-entropy.ts`,
    find: 'div(sum(losses), sum(where(ignored, 0, 1)))',
    replace: 'mean(losses)',
    tests: [`${losses} > leaves out ignored rows`],
  },
  {
    name: 'crossEntropy: smoothing away from the mean',
    file: `${rows}/cross-entropy.ts`,
    find: 'sub(takeAlong(logits, ids), mean(logits, { axis: 1 }))',
    replace: 'sub(mean(logits, { axis: 1 }), takeAlong(logits, ids))',
    tests: [torch('crossEntropy')],
  },
  {
    name: 'MLP: a function that is not called',
    file: 'src/nn/models/mlp.ts',
    find: "typeof activation === 'string' ? activations[activation] : activation;",
    replace: "activations[typeof activation === 'string' ? activation : 'relu'];",
    tests: ['test/unit/nn/models/mlp.test.ts > by name'],
  },
];
