// Compiles kernels/wasm (AssemblyScript) into the binaries of the CPU backend and writes them as base64 into
// src/backend/generated/wasm-binaries.ts. Does nothing when that file was made from the same sources:
//   node scripts/build-kernels.mjs
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = new URL('../src/backend/generated/wasm-binaries.ts', import.meta.url);

const common = [
  'kernels/wasm/main.ts',
  '-O2',
  '--runtime',
  'stub',
  '--noAssert',
  '--use',
  'abort=',
  '--enable',
  'simd',
];
const memory = ['--importMemory', '--noExportMemory', '--maximumMemory', '65536'];

/** Name of the binary → what it is compiled with. The baseline runs wherever SIMD does. */
const builds = {
  baseline: [],
  relaxed: ['--enable', 'relaxed-simd'],
};

if (isMainThread) await main();
else await compile(workerData);

async function main() {
  const stamp = `// Made by scripts/build-kernels.mjs from sources ${hashOfSources()}. Do not edit.`;
  if (existingStamp() === stamp) return console.log('kernels are up to date');
  const binaries = await Promise.all(Object.entries(builds).map(([name, flags]) => compileInWorker(name, flags)));
  const lines = binaries.map(({ name, bytes }) => {
    console.log(`${name}: ${bytes.length} bytes`);
    const base64 = Buffer.from(bytes).toString('base64');
    return `  ${name}: {\n    memoryFlag: ${memoryFlagOf(bytes)},\n    base64: '${base64}',\n  },`;
  });
  mkdirSync(new URL('.', output), { recursive: true });
  writeFileSync(output, `${stamp}\nexport const binaries = {\n${lines.join('\n')}\n};\n`);
}

/**
 * Where the binary says what memory it imports: 1 for one with a maximum. Compiled for shared memory, the same source
 * differs in this byte alone, which is then 3; so the other half of the builds is made when one is loaded.
 */
function memoryFlagOf(bytes) {
  const memoryImport = Buffer.from('\x03env\x06memory\x02\x01', 'latin1');
  const at = Buffer.from(bytes).indexOf(memoryImport);
  if (at < 0 || Buffer.from(bytes).indexOf(memoryImport, at + 1) >= 0)
    throw new Error('one import of a memory expected');
  return at + memoryImport.length - 1;
}

/** Of everything that decides the bytes: the kernels, this script and the compiler's version. */
function hashOfSources() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(createRequire(import.meta.url)('assemblyscript/package.json').version);
  const kernels = new URL('../kernels/wasm/', import.meta.url);
  for (const file of readdirSync(kernels).sort()) hash.update(file).update(readFileSync(new URL(file, kernels)));
  return hash.digest('hex').slice(0, 16);
}

function existingStamp() {
  try {
    return readFileSync(output, 'utf8').split('\n', 1)[0];
  } catch {
    return undefined; // not built yet
  }
}

function compileInWorker(name, flags) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { name, flags } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function compile({ name, flags }) {
  const { default: asc } = await import('assemblyscript/asc');
  let bytes;
  const { error, stderr } = await asc.main(
    [...common, ...memory, ...flags, '--baseDir', root, '--outFile', `${name}.wasm`],
    {
      writeFile: (_, contents) => {
        bytes = contents;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  parentPort.postMessage({ name, bytes });
}
