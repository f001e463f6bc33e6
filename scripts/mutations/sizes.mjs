/** What the package carries. */
export const sizes = [
  {
    name: 'kernels: a pair of digits is off by one',
    file: 'src/backend/wasm/bytes-of.ts',
    find: 'const single = digits.length - 2;',
    replace: 'const single = digits.length - 1;',
    tests: ['test/unit/backend/wasm/bytes-of.test.ts'],
  },
];
