import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// The project's own gpu.js comes without native drivers; the one beside test/gpu has them.
const driven = resolve('test/gpu/node_modules/gpu.js/src/index.js');
/** What looks at a whole process, or stubs what others in it use, stays alone. */
const alone = 'test/unit/backend/**';
/** Long ones that need no company: with them beside the rest, both processes end at the same time. */
const long = 'test/laws/{projectors,transforms}.test.ts';

/** Node 20 has relaxed SIMD behind a flag. An option of the command line does not reach the processes of projects. */
const execArgv = process.env.RELAXED_SIMD ? ['--experimental-wasm-relaxed-simd'] : [];

/** Does not extend the root, which would run `globalSetup` once for each project. */
const project = (test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration => ({
  resolve: {
    alias: {
      // The page on the site imports the package by name; the longer names first, of which this one is the start.
      'floragrad/gpu': resolve('src/gpu.ts'),
      floragrad: resolve('src/index.ts'),
      ...(existsSync(driven) ? { 'gpu.js': driven } : {}),
    },
  },
  test: { environment: 'node', pool: 'forks', testTimeout: 60_000, execArgv, ...test },
});

export default defineConfig({
  test: {
    globalSetup: 'test/run-folder.ts',
    // Tests take intervals of a few steps, of which compress rightly warns.
    onConsoleLog: (log) => !/ is unstable: a transfer every /.test(log),
    // One more than cores: what waits for processes, packages and compilers leaves a core idle. On two cores the suite took 369 s
    // with two processes, and 322 s with three and more tests.
    maxWorkers: availableParallelism() + 1,
    projects: [
      project({
        name: 'shared',
        include: ['test/{unit,laws,methods,property}/**/*.test.ts'],
        exclude: [...configDefaults.exclude, alone, long],
        isolate: false, // a third of the time of units is loading the library in a new process for each
        setupFiles: 'test/unit/fresh-backend.ts',
      }),
      project({
        name: 'others',
        include: ['test/**/*.test.ts'],
        exclude: [
          ...configDefaults.exclude,
          'test/unit/!(backend)/**',
          'test/unit/*.test.ts',
          'test/laws/!(projectors|transforms).test.ts',
          'test/{methods,property}/**',
        ],
      }),
    ],
  },
});
