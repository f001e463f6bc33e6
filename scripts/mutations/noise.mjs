// Adapters that are trained with noise, with penalties, or in a geometry of their own.

const unit = (name) => `test/unit/adapters/${name}.test.ts`;
const replay = (name) => `test/unit/adapters/replays.test.ts > ${name}`;
const methods = 'src/adapters/methods';
const pairs = 'src/optim/pairs';

const geoLora = [
  {
    name: 'geo-lora: new directions that the other core turns',
    file: `${methods}/geo-step.ts`,
    find: 'const K = product(active(gradients.U, n), ofRows, n);',
    replace: 'const K = product(active(gradients.U, n), ofColumns, n);',
    tests: [`${unit('geo-lora')} > takes a core that is not diagonal`],
  },
  {
    name: 'geo-lora: a step of the core uphill',
    file: `${methods}/geo-step.ts`,
    find: 'x - learningRate * (gradient[i] as number)',
    replace: 'x + learningRate * (gradient[i] as number)',
    tests: [replay('geo-lora'), unit('geo-lora')],
  },
  {
    name: 'geo-lora: a core without the gradient of the rows',
    file: `${methods}/geo-step.ts`,
    find: '(j < right.own ? 0 : -learningRate * dot(q, l))',
    replace: '(j < right.own ? -learningRate * dot(q, l) : 0)',
    tests: [`${unit('geo-lora')} > along the tangent space`],
  },
  {
    name: 'geo-lora: a tail that may be one longer',
    file: `${methods}/geo-step.ts`,
    find: 'return found < 0 ? sigma.length : found;',
    replace: 'return found < 0 ? sigma.length : found + 1;',
    tests: [replay('geo-lora'), `${unit('geo-lora')} > drops a tail`],
  },
  {
    name: 'geo-lora: ranks below the smallest',
    file: `${methods}/geo-step.ts`,
    find: 'Math.min(Math.max(rankOf(lengths, tolerance), minRank), size, all)',
    replace: 'Math.min(Math.max(rankOf(lengths, tolerance), 1), size, all)',
    tests: [`${unit('geo-lora')} > at least minRank`],
  },
  {
    name: 'geo-lora: directions that are rounding',
    file: `${methods}/geo-step.ts`,
    find: 'if (sigma > least)',
    replace: 'if (sigma >= 0)',
    tests: [unit('geo-lora')],
  },
  {
    name: 'geo-lora: augmented bases without their limit',
    file: `${methods}/geo-lora.ts`,
    find: 'geometric(sites, learningRate, { tolerance, minRank, augmentedRank })',
    replace: 'geometric(sites, learningRate, { tolerance, minRank, augmentedRank: 2 * maxRank })',
    tests: [replay('geo-lora'), unit('geo-lora')],
  },
  {
    name: 'geo-lora: bases of one draw for both sides',
    file: `${methods}/geo-lora.ts`,
    find: "V: basis(inputs, 'V')",
    replace: "V: basis(inputs, 'U')",
    tests: [`${unit('geo-lora')} > draws bases`],
  },
  {
    name: 'geo-lora: bases that ignore the seed',
    file: `${methods}/geo-lora.ts`,
    find: '    seed: read.seed,\n',
    replace: '    seed: 0,\n',
    tests: [`${unit('geo-lora')} > draws bases`],
  },
  {
    name: 'geo-lora: a schedule that stands',
    file: `${methods}/geo-lora.ts`,
    find: 'return [Object.assign(rest, ...moved), { step: step + 1 }];',
    replace: 'return [Object.assign(rest, ...moved), { step }];',
    tests: [`${unit('geo-lora')} > follows a schedule`],
  },
];

const flatLora = [
  {
    name: 'flat-lora: noise as large in every row',
    file: `${methods}/flat-linear.ts`,
    find: 'sqrt(sum(square(adapter.mergedInto(weight, 1)), { axis: 1 }))',
    replace: 'sqrt(sum(square(weight), { axis: 1 }))',
    tests: [replay('flat-lora'), `${unit('flat-lora')} > expected norm`],
  },
  {
    name: 'flat-lora: noise by the number of outputs',
    file: `${methods}/flat-linear.ts`,
    find: 'Math.sqrt(weight.shape[1] as number)',
    replace: 'Math.sqrt(weight.shape[0] as number)',
    tests: [replay('flat-lora'), `${unit('flat-lora')} > expected norm`],
  },
  {
    name: 'flat-lora: the random numbers of dropout',
    file: `${methods}/flat-linear.ts`,
    find: "fold(key, 'noise')",
    replace: 'key',
    tests: [replay('flat-lora')],
  },
  {
    name: 'flat-lora: norms that are trained through',
    file: `${methods}/flat-linear.ts`,
    find: 'return noGrad(() => {',
    replace: 'return ((f: () => Tensor) => f())(() => {',
    tests: [`${unit('flat-lora')} > with a fixed key`],
  },
  {
    name: 'flat-lora: noise that is kept for the backward pass',
    file: `${methods}/flat-linear.ts`,
    find: 'timesRandom(flat, noise, { transpose: true })',
    replace: 'matmul(flat, random.normal(noise.key, [noise.rows, noise.columns]), { transposeB: true })',
    tests: [`${unit('flat-lora')} > keeps nothing of its size`],
  },
  {
    name: 'flat-lora: a strength of the step before',
    file: `${methods}/flat-lora.ts`,
    find: 'Math.min(step / steps, 1)',
    replace: 'Math.min(state.step / steps, 1)',
    tests: [`${unit('flat-lora')} > half a wave`],
  },
  {
    name: 'flat-lora: a strength that counts gradients',
    file: `${methods}/flat-lora.ts`,
    find: 'if (Object.keys(updates).length === 0) return [updates, { ...state, inner: next }];',
    replace: '',
    tests: [`${unit('flat-lora')} > cycle of accumulation`],
  },
  {
    name: 'flat-lora: a size that is not handed on',
    file: `${methods}/flat-lora.ts`,
    find: 'site.scale, dropout, rho)',
    replace: 'site.scale, dropout, 0.05)',
    tests: [`${unit('flat-lora')} > expected norm`],
  },
];

const penalties = [
  {
    name: 'orthogonal-penalty: half of the gradient',
    file: `${pairs}/orthogonal-penalty.ts`,
    find: 'mul(matmul(beyondIdentity(gramOfRows(A)), A), 4)',
    replace: 'mul(matmul(beyondIdentity(gramOfRows(A)), A), 2)',
    tests: [unit('rm-lora')],
  },
  {
    name: 'orthogonal-penalty: B is penalized without being asked for',
    file: `${pairs}/orthogonal-penalty.ts`,
    find: "factors === 'A' ? [ofA]",
    replace: "factors !== 'A' ? [ofA]",
    tests: [unit('rm-lora')],
  },
  {
    name: 'mask-gradients: one mask for all steps',
    file: 'src/optim/parts/mask-gradients.ts',
    find: "'maskGradients', step)",
    replace: "'maskGradients', 0)",
    tests: [`${unit('rm-lora')} > draws other masks`],
  },
  {
    name: 'mask-gradients: what should go stays',
    file: 'src/optim/parts/mask-gradients.ts',
    find: 'less(drawn, keep)',
    replace: 'less(drawn, 1 - keep)',
    tests: [`${unit('rm-lora')} > with probability 0.3`],
  },
  {
    name: 'rm-lora: masks before the penalty',
    file: `${pairs}/rm-lora.ts`,
    find: 'chain(orthogonalPenalty({ strength, factors }), maskGradients({ keep, rescale, seed }), adamw(optimizer))',
    replace:
      'chain(maskGradients({ keep, rescale, seed }), orthogonalPenalty({ strength, factors }), adamw(optimizer))',
    tests: [`${unit('rm-lora')} > in this order`],
  },
  {
    name: 'rm-lora: masks of one seed',
    file: `${pairs}/rm-lora.ts`,
    find: 'maskGradients({ keep, rescale, seed })',
    replace: 'maskGradients({ keep, rescale })',
    tests: [`${unit('rm-lora')} > in this order`],
  },
  {
    name: 'imbalance-penalty: A drawn the wrong way',
    file: `${pairs}/imbalance-penalty.ts`,
    find: 'matmul(D, A), -4 * omega)',
    replace: 'matmul(D, A), 4 * omega)',
    tests: [unit('imbalance-lora')],
  },
  {
    name: 'imbalance-penalty: a ratio upside down',
    file: `${pairs}/imbalance-penalty.ts`,
    find: '(B.shape[0] as number) / (A.shape[1] as number)',
    replace: '(A.shape[1] as number) / (B.shape[0] as number)',
    tests: [`${unit('imbalance-lora')} > by default`],
  },
  {
    name: 'pi-lora: a penalty that is not preconditioned',
    file: `${pairs}/imbalance-lora.ts`,
    find: 'chain(imbalancePenalty({ strength, ratio }), preconditionPairs({ damping }), adamw(optimizer))',
    replace: 'chain(preconditionPairs({ damping }), imbalancePenalty({ strength, ratio }), adamw(optimizer))',
    tests: [`${unit('imbalance-lora')} > before all else`],
  },
  {
    name: 'pi-lora: a damping that is not handed on',
    file: `${pairs}/imbalance-lora.ts`,
    find: 'preconditionPairs({ damping })',
    replace: 'preconditionPairs({})',
    tests: [unit('imbalance-lora')],
  },
];

/** What the command makes of them. */
const commands = [
  {
    name: 'finetune of noise: passes of training without a key',
    file: 'src/cli/finetune/run.ts',
    find: 'model.forward(ids, { key: drawn })',
    replace: 'model.forward(ids)',
    tests: ['test/unit/cli/finetune/noise.test.ts'],
  },
  {
    name: 'finetune of noise: one seed for all masks',
    file: 'src/cli/finetune/rows/noise.ts',
    find: 'rmLora({ learningRate, seed })',
    replace: 'rmLora({ learningRate, seed: seed * 0 })',
    tests: ['test/unit/cli/finetune/noise.test.ts > draws its masks'],
  },
  {
    name: 'finetune of noise: one seed for all first values of flat-lora',
    file: 'src/cli/finetune/rows/noise.ts',
    find: 'rank, alpha, match, seed, steps, inner',
    replace: 'rank, alpha, match, seed: seed * 0, steps, inner',
    tests: ['test/unit/cli/finetune/noise.test.ts > draws first values'],
  },
  {
    name: 'finetune of noise: a number of steps that no strength grows in',
    file: 'src/cli/finetune/rows/noise.ts',
    find: 'match, seed, steps, inner })',
    replace: 'match, seed, steps: 10 ** 6 * steps, inner })',
    tests: ['test/unit/cli/finetune/noise.test.ts'],
  },
];

export const noise = [...geoLora, ...flatLora, ...penalties, ...commands];
