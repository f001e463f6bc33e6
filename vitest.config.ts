import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

// The project's own gpu.js comes without native drivers; the one beside test/gpu has them.
const driven = resolve('test/gpu/node_modules/gpu.js/src/index.js');
const units = 'test/unit/**/*.test.ts';
/** What looks at a whole process, or stubs what others in it use. */
const alone = 'test/unit/backend/**';

export default defineConfig({
  resolve: { alias: existsSync(driven) ? { 'gpu.js': driven } : {} },
  test: {
    environment: 'node',
    pool: 'forks',
    globalSetup: 'test/run-folder.ts',
    testTimeout: 60_000,
    maxWorkers: '100%', // by default one core fewer, which of two leaves one idle
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: [units],
          exclude: [...configDefaults.exclude, alone],
          isolate: false, // a third of their time is loading the library in a new process for each
          setupFiles: 'test/unit/fresh-backend.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'others',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, `test/unit/!(backend)/**`],
        },
      },
    ],
  },
});
