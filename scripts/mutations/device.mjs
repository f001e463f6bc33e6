/** The page that measures a device: what it believes, and what it says. */
const tests = ['test/site/device.test.ts'];

export const device = [
  {
    name: 'device: numbers that are NaN are let through',
    file: 'site/device/src/measure/product.ts',
    find: 'worst = Math.max(worst, Math.abs((expected[i] as number) - found));',
    replace:
      'if (Math.abs((expected[i] as number) - found) > worst) worst = Math.abs((expected[i] as number) - found);',
    tests,
  },
  {
    name: 'device: wrong products are timed',
    file: 'site/device/src/measure/product.ts',
    find: 'if (!(off <= 1)) {',
    replace: 'if (off === Infinity) {',
    tests,
  },
  {
    name: 'device: the reference is compared with a tolerance for half precision',
    file: 'site/device/src/measure/proof.ts',
    find: 'const allowed = k * k * 2 ** -24;',
    replace: 'const allowed = k * k * 2 ** -11;',
    tests,
  },
  {
    name: 'device: samples shorter than the clock can tell',
    file: 'site/device/src/measure/timing.ts',
    find: 'time < limits.sample && repeats < 4096',
    replace: 'time < 0 && repeats < 4096',
    tests,
  },
  {
    name: 'device: the time of all runs of a sample, for that of one',
    file: 'site/device/src/measure/timing.ts',
    find: '(await took(repeats)) / repeats',
    replace: 'await took(repeats)',
    tests,
  },
  {
    name: 'device: another row of the benchmarks',
    file: 'site/device/src/report/recorded.ts',
    find: "  'floragrad, 2 threads': 'threads',",
    replace: "  'jax-js wasm': 'threads',",
    tests,
  },
  {
    name: 'device: the training of another seed',
    file: 'site/device/src/measure/training.ts',
    find: 'new GPT({ ...small, key: random.key(0) })',
    replace: 'new GPT({ ...small, key: random.key(2) })',
    tests,
  },
];
