import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { recordedIn } from './src/report/recorded.ts';

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** `virtual:recorded`: the numbers of docs/benchmarks.md that the page puts beside its own. */
const recorded: Plugin = {
  name: 'recorded',
  resolveId: (id) => (id === 'virtual:recorded' ? `\0${id}` : undefined),
  load(id) {
    if (id !== '\0virtual:recorded') return undefined;
    const page = inRoot('docs/benchmarks.md');
    this.addWatchFile(page);
    return `export const recorded = ${JSON.stringify(recordedIn(readFileSync(page, 'utf8')))};`;
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve: {
    alias: [
      { find: /^floragrad$/, replacement: inRoot('dist/index.js') },
      { find: /^floragrad\/gpu$/, replacement: inRoot('dist/gpu.js') },
    ],
  },
  plugins: [svelte({ configFile: false }), recorded, viteSingleFile()],
  worker: { format: 'iife' },
  build: { outDir: '../dist/device', emptyOutDir: true, target: 'es2022', reportCompressedSize: false },
});
