// Compiles kernels/wasm (AssemblyScript) into the binaries of the CPU backend and writes two files in
// src/backend/wasm/generated/: wasm-binaries.ts, the baseline as text and how the relaxed build differs, and kernels.ts,
// the names and parameters of the kernels as a TypeScript interface. Does nothing when they were made from the same sources:
//   node scripts/build-kernels.mjs
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = new URL('../kernels/wasm/', import.meta.url);
const generated = new URL('../src/backend/wasm/generated/', import.meta.url);
const output = new URL('wasm-binaries.ts', generated);
const signatures = new URL('kernels.ts', generated);

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

const digits = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i)).replace(/['"`\\$<]/g, '');

if (isMainThread) await main();
else await compile(workerData);

async function main() {
  const stamp = `// Made by scripts/build-kernels.mjs from sources ${hashOfSources()}. Do not edit.`;
  if (stampOf(output) === stamp && stampOf(signatures) === stamp) return console.log('kernels are up to date');
  const binaries = await Promise.all(Object.entries(builds).map(([name, flags]) => compileInWorker(name, flags)));
  for (const { name, bytes } of binaries) console.log(`${name}: ${bytes.length} bytes`);
  const [baseline, relaxed] = binaries.map(({ bytes }) => bytes);
  if (memoryFlagOf(baseline) !== memoryFlagOf(relaxed)) throw new Error('the builds import their memory differently');
  const byFrequency = frequentFirst(baseline);
  const text = (bytes) => textOf(bytes, byFrequency);
  const pieces = differences(baseline, relaxed).map(
    ({ from, length, followedBy }) => `    [${from}, ${length}, '${text(followedBy)}'],`,
  );
  const kernels = exportedFunctions('main');
  checkNames(kernels, baseline);
  mkdirSync(generated, { recursive: true });
  writeFileSync(signatures, `${stamp}\n${interfaceOf(kernels)}`);
  writeFileSync(
    output,
    `${stamp}
/** What the build says about the memory it imports. */
export const memoryFlag = ${memoryFlagOf(baseline)};
/** The digits of the texts below, and the bytes that they stand for, in hexadecimal: see ../bytes-of.ts. */
export const digits = '${digits}';
export const byFrequency = '${Buffer.from(byFrequency).toString('hex')}';
export const baseline =
  '${text(baseline)}';
/** Digest of the bytes of both builds: results may differ in their bits where it differs. */
export const digest = '${createHash('sha256').update(baseline).update(relaxed).digest('hex').slice(0, 16)}';
/** The relaxed build, piece by piece: from where and how much of the baseline, and what follows it. */
export const relaxed: readonly (readonly [from: number, length: number, then: string])[] = [
${pieces.join('\n')}
];
`,
  );
}

/** All bytes, those that are most often in the binary first. */
function frequentFirst(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  return counts.map((_, byte) => byte).sort((a, b) => counts[b] - counts[a]);
}

/**
 * Bytes as text that compresses as well as they do. Base64 does not: three bytes are four digits, so that a sequence that
 * comes again looks different. Here a byte is always the same digit, or two for those that are rare: the last two digits
 * begin a pair. What quotes, templates or a page's markup might read as theirs is no digit.
 */
function textOf(bytes, byFrequency) {
  const single = digits.length - 2;
  const words = byFrequency.map((_, i) => {
    const pair = i - single;
    return pair < 0 ? digits[i] : digits[single + Math.floor(pair / digits.length)] + digits[pair % digits.length];
  });
  const wordOf = new Map(byFrequency.map((byte, i) => [byte, words[i]]));
  return Array.from(bytes, (byte) => wordOf.get(byte)).join('');
}

/** The functions that a file of kernels/wasm exports: name → comment, parameters, and whether it returns a number. */
function exportedFunctions(file) {
  const text = readFileSync(new URL(`${file}.ts`, sources), 'utf8');
  const found = new Map();
  const functions = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?^export function (\w+)\(([^)]*)\): (\w+)/gm;
  for (const [, comment = '', name, list, returned] of text.matchAll(functions)) {
    const parameters = list.split(',').flatMap((parameter) => parameter.match(/^\s*(\w+)\s*:/)?.[1] ?? []);
    found.set(name, { comment: comment.trim(), parameters, returns: returned !== 'void' });
  }
  for (const [, names, from] of text.matchAll(/^export (\*|\{[^}]*\}) from '\.\/([^']+)';/gm)) {
    const theirs = exportedFunctions(from);
    const taken = names === '*' ? [...theirs.keys()] : names.match(/\w+/g);
    for (const name of taken) found.set(name, theirs.get(name));
  }
  return found;
}

/** All pointers, counts, flags and floats are numbers in JavaScript; kernels return one, or nothing. */
function interfaceOf(kernels) {
  const members = [...kernels].map(([name, { comment, parameters, returns }]) => {
    const signature = `${name}(${parameters.map((parameter) => `${parameter}: number`).join(', ')})`;
    const lines = comment === '' ? [] : comment.split('\n').map((line) => `  ${line}\n`);
    return `${lines.join('')}  ${signature}: ${returns ? 'number' : 'void'};`;
  });
  return `/** What kernels/wasm/main.ts exports. */\nexport interface Kernels {\n${members.join('\n')}\n}\n`;
}

/** The binary has what the interface says. */
function checkNames(kernels, binary) {
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(binary)).map(({ name }) => name);
  const [said, there] = [[...kernels.keys()], exported].map((names) => names.sort().join(' '));
  if (said !== there) throw new Error(`the interface of the kernels has ${said}, the binary ${there}`);
}

/** `next` as stretches of `base`, each found by its first bytes, and what lies between them. */
function differences(base, next) {
  const window = 12; // a shorter stretch costs more to name than to repeat
  const places = new Map();
  const keyAt = (bytes, at) => Buffer.from(bytes.buffer, bytes.byteOffset + at, window).toString('latin1');
  for (let at = base.length - window; at >= 0; at--) places.set(keyAt(base, at), at);
  const pieces = [{ from: 0, length: 0, followedBy: [] }];
  for (let at = 0; at < next.length; ) {
    const last = pieces.at(-1);
    const goesOn = last.from + last.length + last.followedBy.length; // a byte that was replaced by another
    const known = at + window <= next.length ? places.get(keyAt(next, at)) : undefined;
    const from = at + window <= next.length && same(base, goesOn, next, at, window) ? goesOn : known;
    if (from === undefined) last.followedBy.push(next[at++]);
    else {
      let length = window;
      while (at + length < next.length && base[from + length] === next[at + length]) length++;
      pieces.push({ from, length, followedBy: [] });
      at += length;
    }
  }
  const again = pieces.flatMap(({ from, length, followedBy }) => [
    ...base.subarray(from, from + length),
    ...followedBy,
  ]);
  if (again.length !== next.length || !same(again, 0, next, 0, next.length)) throw new Error('the pieces do not fit');
  return pieces;
}

function same(base, from, next, at, length) {
  for (let i = 0; i < length; i++) if (base[from + i] !== next[at + i]) return false;
  return true;
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

/** Hash of everything that decides the bytes: the kernels, this script and the compiler's version. */
function hashOfSources() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(createRequire(import.meta.url)('assemblyscript/package.json').version);
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(new URL(file, sources)));
  return hash.digest('hex').slice(0, 16);
}

function stampOf(file) {
  try {
    return readFileSync(file, 'utf8').split('\n', 1)[0];
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
