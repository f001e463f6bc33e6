/** The library on two pages. */
const tests = ['test/unit/micro.test.ts'];
const file = 'examples/micro.ts';

export const micro = [
  {
    name: 'micro: the momentum does not come along',
    file,
    find: 'M = times(times(M, A), transpose(next));',
    replace: 'M = zeros(M);',
    tests,
  },
  {
    name: 'micro: Adam with the correction of another step',
    file,
    find: '[1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)]',
    replace: '[1 - beta1 ** (t + 2), 1 - beta2 ** (t + 1)]',
    tests,
  },
  {
    name: 'micro: the derivative of tanh without its square',
    file,
    find: 'g * (1 - a * a)',
    replace: 'g * (1 - a)',
    tests,
  },
];
