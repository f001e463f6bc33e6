import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';

/**
 * The readers of headers in a thread with a heap of its own, which V8 stops when it is full; that is what would end a
 * process. scripts/hostile-files.mjs measures whole files.
 */
const heap = 96; // MB: mostMemory for JSON that is read as a whole, and room for the rest
const program = buildSync({
  stdin: {
    contents: `
      import { workerData, parentPort } from 'node:worker_threads';
      import { readHeader } from './src/io/header';
      import { parseJson } from './src/io/json';
      const { before, piece, count, after, reader } = workerData;
      let middle = '';
      if (typeof piece === 'string') middle = piece.repeat(count);
      const numbered = piece[0] === '#' ? Array.from({ length: count }, (_, i) => piece.slice(1).replace('#', i)).join('') : middle;
      const text = new TextEncoder().encode(before + numbered + after);
      const file = new Uint8Array(8 + text.length);
      new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
      file.set(text, 8);
      try {
        const read = reader === 'safetensors' ? readHeader(file) : parseJson(text);
        parentPort.postMessage('read');
      } catch (error) {
        parentPort.postMessage(error.message);
      }`,
    resolveDir: process.cwd(),
    loader: 'ts',
  },
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  logLevel: 'silent',
}).outputFiles[0]?.text as string;

/** What a reader says of `before`, `count` times `piece`, `after`; a piece that begins with # has its number for a # in it. */
function outcome(reader: string, before: string, piece: string, count: number, after: string): Promise<string> {
  return new Promise((resolve) => {
    const worker = new Worker(program, {
      eval: true,
      workerData: { reader, before, piece, count, after },
      resourceLimits: { maxOldGenerationSizeMb: heap, maxYoungGenerationSizeMb: 16 },
    });
    worker.once('message', resolve);
    worker.once('error', (error: NodeJS.ErrnoException) => resolve(`died: ${error.code}`));
  });
}

const empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';

describe('what a header asks for is bounded before it is built', () => {
  it.each([
    ['empty lists', '{"a":[', '[],', 7e5, '0]}', /safetensors\/tensor.*no record/],
    ['empty records', '{"a":[', '{},', 7e5, '0]}', /safetensors\/tensor.*no record/],
    ['records that are no tensors', '{', '#"#":{},', 2e5, '"a":0}', /safetensors\/tensor.*no dtype/],
    ['strings about tensors', '{"__metadata__":{', '#"#":"",', 2e5, '"a":""}}', /more than \d+ tensors and strings/],
    ['empty tensors', '{', `#"#":${empty},`, 1e5, `"a":${empty}}`, /more than \d+ tensors and strings/],
    ['extents', '{"a":{"shape":[', '1,', 2e6, '1]}}', /at most 64/],
    ['places', '{"a":{"data_offsets":[', '0,', 2e6, '0]}}', /at most 2/],
  ] as const)('safetensors: %s', async (_, before, piece, count, after, message) => {
    expect(await outcome('safetensors', before, piece, count, after)).toMatch(message);
  });

  it.each([
    ['lists of one', '[', '[0],', 6e5, '0]'],
    ['empty records', '[', '{},', 7e5, '0]'],
    ['entries', '{', '#"#":0,', 2e5, '"a":0}'],
  ] as const)('JSON as a whole: %s', async (_, before, piece, count, after) => {
    expect(await outcome('json', before, piece, count, after)).toMatch(/^read$|bytes of memory/);
  });
});
