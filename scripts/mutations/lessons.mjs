/** The solutions of the lessons: a check refuses each of these. */
const engine = ['test/unit/lessons/engine.test.ts'];
const compression = ['test/unit/lessons/compression.test.ts'];
const adapters = ['test/unit/lessons/adapters.test.ts'];

export const lessons = [
  {
    name: 'lesson 1: squared distances without the square',
    file: 'lessons/solutions/01-broadcasting.ts',
    find: 'difference.square().sum',
    replace: 'difference.abs().sum',
    tests: engine,
  },
  {
    name: 'lesson 2: the rule without the part along the row',
    file: 'lessons/solutions/02-reverse-mode.ts',
    find: 'g.sub(y.mul(along)).div(s)',
    replace: 'g.div(s)',
    tests: engine,
  },
  {
    name: 'lesson 3: sums pile up in the scope outside',
    file: 'lessons/solutions/03-scopes.ts',
    find: 'sum = keep(scope(() => before.add(make(i))));',
    replace: 'sum = scope(() => before.add(make(i)));',
    tests: engine,
  },
  {
    name: 'lesson 4: momentum forgets leaves without a gradient',
    file: 'lessons/solutions/04-momentum.ts',
    find: '{ sum: { ...state.sum, ...moved } }',
    replace: '{ sum: moved }',
    tests: engine,
  },
  {
    name: 'lesson 5: v without its correction',
    file: 'lessons/solutions/05-adam.ts',
    find: '(square[path] as Tensor).div(1 - beta2 ** step)',
    replace: 'square[path] as Tensor',
    tests: engine,
  },
  {
    name: 'lesson 6: attention to the word after',
    file: 'lessons/solutions/06-attention.ts',
    find: 'tril(ones([T, T]))',
    replace: 'tril(ones([T, T]), 1)',
    tests: engine,
  },
  {
    name: 'lesson 7: entries of variance 1/r²',
    file: 'lessons/solutions/07-random-projection.ts',
    find: 'rank ** -0.5',
    replace: '1 / rank',
    tests: compression,
  },
  {
    name: 'lesson 8: the leaf of before the step',
    file: 'lessons/solutions/08-flora.ts',
    find: '[up(next, M), next]',
    replace: '[up(next, M), renewed]',
    tests: compression,
  },
  {
    name: 'lesson 9: the decay of the norm, for that of its square',
    file: 'lessons/solutions/09-refreshing.ts',
    find: '/ (2 * Math.log(1 / beta))',
    replace: '/ Math.log(1 / beta)',
    tests: compression,
  },
  {
    name: 'lesson 10: the weight moves by twice the change',
    file: 'lessons/solutions/10-lora.ts',
    find: 'G.matmul(A, { transposeB: true }).matmul(A)',
    replace: 'G.matmul(A, { transposeB: true }).matmul(A).mul(2)',
    tests: adapters,
  },
  {
    name: 'lesson 11: the old directions again',
    file: 'lessons/solutions/11-periodic-lora.ts',
    find: 'random.normal(key, A.shape).mul(rank ** -0.5)',
    replace: 'A',
    tests: adapters,
  },
  {
    name: 'lesson 12: the spread of one reading, for that of the mean',
    file: 'lessons/solutions/12-how-sure.ts',
    find: 'Math.sqrt(variance / count)',
    replace: 'Math.sqrt(variance)',
    tests: adapters,
  },
  {
    name: 'lesson 3: the check does not count tensors',
    file: 'lessons/checks/03-scopes.ts',
    find: 'require(most <= few, ',
    replace: 'require(most < Infinity, ',
    tests: engine,
  },
  {
    name: 'lesson 8: the check never refreshes',
    file: 'lessons/checks/08-flora.ts',
    find: '{ refreshEvery: 1, steps: 2 }',
    replace: '{ refreshEvery: 2, steps: 1 }',
    tests: compression,
  },
  {
    name: 'lesson 12: the check believes any conviction',
    file: 'lessons/checks/12-how-sure.ts',
    find: 'require(found <= most, ',
    replace: 'require(found >= 0, ',
    tests: adapters,
  },
  {
    name: 'lesson 5: another β₂ than the text has',
    file: 'lessons/05-adam.ts',
    find: 'Math.sqrt(1 - 0.999 ** t)',
    replace: 'Math.sqrt(1 - 0.99 ** t)',
    tests: engine,
  },
];
