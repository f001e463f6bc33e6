import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { atBuildTime } from './at-build-time.ts';

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const resolve = {
  alias: [
    { find: /^floragrad$/, replacement: inRoot('dist/index.js') },
    { find: /^floragrad\/gpu$/, replacement: inRoot('dist/gpu.js') },
  ],
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve,
  plugins: [svelte({ configFile: false }), atBuildTime(resolve), viteSingleFile()],
  worker: { format: 'iife' },
  build: { outDir: '../dist/playground', emptyOutDir: true, target: 'es2022', reportCompressedSize: false },
});
