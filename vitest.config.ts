import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// The project's own gpu.js comes without native drivers; the one beside test/gpu has them.
const driven = resolve('test/gpu/node_modules/gpu.js/src/index.js');

export default defineConfig({
  resolve: { alias: existsSync(driven) ? { 'gpu.js': driven } : {} },
  test: {
    environment: 'node',
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/run-folder.ts',
    testTimeout: 60_000,
    maxWorkers: '100%', // by default one core fewer, which of two leaves one idle
  },
});
