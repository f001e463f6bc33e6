// Compiles src/backend/wasm/threads/thread.ts, what runs in a worker of the thread pool, into a string in src/backend/wasm/generated/, so
// that neither Node nor a bundler has to find a file at run time:
//   node scripts/build-thread.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { outputFiles } = buildSync({
  entryPoints: [path('../src/backend/wasm/threads/thread.ts')],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  write: false,
});
mkdirSync(path('../src/backend/wasm/generated'), { recursive: true });
writeFileSync(
  path('../src/backend/wasm/generated/thread-source.ts'),
  `// Made by scripts/build-thread.mjs from src/backend/wasm/threads/thread.ts. Do not edit.\nexport const threadSource =\n  ${JSON.stringify(outputFiles[0].text)};\n`,
);
