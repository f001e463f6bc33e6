// What breaks derivatives of several arguments, products with Jacobians, and what came with them.

const unit = (name) => `test/unit/${name}.test.ts`;
const given = unit('tensor/derivatives/arguments');
const products = unit('tensor/derivatives/products');
const finite = unit('optim/apply-if-finite');

export const derivativesOfMore = [
  {
    name: 'one tensor in two places is one argument',
    file: 'src/tensor/derivatives/arguments.ts',
    find: 'return taken ? clone(leaf) : leaf;',
    replace: 'return leaf;',
    tests: [`${given} > two places`, `${products} > two places`],
  },
  {
    name: 'a tensor that is also handed on as a constant is not told from it',
    file: 'src/tensor/derivatives/arguments.ts',
    find: 'if (!of.includes(i)) forEachTensor(x',
    replace: 'if (i < 0) forEachTensor(x',
    tests: [`${given} > two places`],
  },
  {
    name: 'vjp: a tape that can be walked once',
    file: 'src/tensor/derivatives/vjp.ts',
    find: 'tape.nodes.push(node);',
    replace: '',
    tests: [`${products} > as often as one likes`],
  },
  {
    name: 'vjp: arguments that remember its tape',
    file: 'src/tensor/derivatives/vjp.ts',
    find: 'unwatch(tape, watched);',
    replace: '',
    tests: [`${products} > as often as one likes`],
  },
  {
    name: 'vjp: what f has computed freed when vjp returns',
    file: 'src/tensor/derivatives/vjp.ts',
    find: 'kept: record.values().map(asTensor)',
    replace: 'kept: []',
    tests: [`${products} > as often as one likes`],
  },
  {
    name: 'jvp: the first direction for all tensors',
    file: 'src/tensor/derivatives/jvp.ts',
    find: 'directions[i] as Tensor',
    replace: 'directions[0] as Tensor',
    tests: [`${products} > in a structure`],
  },
  {
    name: 'jacobian: axes of the argument before those of the value',
    file: 'src/tensor/derivatives/jacobian.ts',
    find: '[...value.shape, ...x.shape]',
    replace: '[...x.shape, ...value.shape]',
    tests: [`${products} > Jacobian of tanh`, `${products} > zero elements`],
  },
  {
    name: 'applyIfFinite: never gives up',
    file: 'src/optim/combinators/apply-if-finite.ts',
    find: 'lessEqual(consecutive, maxConsecutive)',
    replace: 'lessEqual(finite, maxConsecutive)',
    tests: [`${finite} > maxConsecutive`],
  },
  {
    name: 'applyIfFinite: a state that moves in a step that is skipped on a device',
    file: 'src/optim/combinators/apply-if-finite.ts',
    find: 'inner: chosen(flag, next, state.inner)',
    replace: 'inner: next',
    tests: [`${finite} > chooses on the device`],
  },
  {
    name: 'join: steps counted from the start',
    file: 'src/optim/schedules.ts',
    find: '(step - (past.at(-1) ?? 0))',
    replace: '(step)',
    tests: [`${finite} > join`],
  },
  {
    name: 'exponentialDecay: a floor under what rises',
    file: 'src/optim/schedules.ts',
    find: 'const falls = rate < 1 === from > 0;',
    replace: 'const falls = rate < 1;',
    tests: [`${finite} > below zero`],
  },
];
