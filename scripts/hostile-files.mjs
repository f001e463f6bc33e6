// Reads files whose headers ask for all they can, each in a process of its own with a heap of 512 MB, and compares the
// peak of its memory with the bound of docs/guides/files.md. A process that dies, or passes the bound, fails the run:
//   npm run prepare && node scripts/hostile-files.mjs
//   node scripts/hostile-files.mjs --only npz       the shapes whose name has this text
//   node scripts/hostile-files.mjs --dist FOLDER    another build
// Files of up to 600 MB go into a temporary folder, one after the other.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32, deflateRawSync } from 'node:zlib';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
    read: { type: 'string' },
    path: { type: 'string' },
  },
});

const heap = 512; // MB
const MB = 1e6;
/** The bound of docs/guides/files.md: bytes for each byte of the file, itself included, and bytes for any file. */
const [perByte, constant] = [9, 192 * 2 ** 20];

/** `piece` again and again up to `length` bytes; `join` between them; `numbered` pieces get their number for a #. */
function fill(length, piece, numbered = false) {
  const size = Buffer.byteLength(piece);
  if (!numbered) return Buffer.alloc(Math.floor(length / size) * size, piece);
  const text = Buffer.allocUnsafe(length);
  let at = 0;
  for (let i = 0; ; i++) {
    const next = piece.replaceAll('#', i.toString(36));
    if (at + Buffer.byteLength(next) > text.length) return text.subarray(0, at);
    at += text.write(next, at);
  }
}

const join3 = (before, middle, after) => Buffer.concat([Buffer.from(before), middle, Buffer.from(after)]);

/** A safetensors file: header and the bytes of the tensors. */
function safetensors(header, data = Buffer.alloc(0)) {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

const empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';

function npy(header, data = Buffer.alloc(0), version = 1) {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]), length, header, data]);
}

const npyHeader = (descr, order, shape) =>
  Buffer.from(`{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`);

/** A zip archive; `files` of { name, bytes (unpacked), deflate?, at? (the local header of this earlier file) }. */
function zip(files) {
  const [parts, directory, starts] = [[], [], []];
  let [at, directoryBytes] = [0, 0];
  for (const { name, bytes, deflate = false, same } of files) {
    const packed = deflate ? deflateRawSync(bytes) : bytes;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x0800, 2);
    fields.writeUInt16LE(deflate ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    const nameBytes = Buffer.from(name);
    fields.writeUInt16LE(nameBytes.length, 22);
    starts.push(same === undefined ? at : starts[same]);
    if (same === undefined) {
      const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, nameBytes, packed]);
      parts.push(local);
      at += local.length;
    }
    const central = Buffer.alloc(46);
    central.write('PK\x01\x02');
    central.writeUInt16LE(20, 4);
    fields.copy(central, 6);
    central.writeUInt32LE(starts.at(-1), 42);
    directory.push(central, nameBytes);
    directoryBytes += central.length + nameBytes.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const npz = (files) => ({ 'x.npz': zip(files) });
const model = (header, data) => ({ 'x.safetensors': safetensors(header, data) });
const tensors = (count) => {
  const list = Array.from({ length: count }, (_, i) => `"${i.toString(36)}":${empty}`);
  return Buffer.from(`{${list.join(',')}}`);
};

/** A folder of a checkpoint whose record is whole but for what `change` makes of its position or state. */
function checkpoint({ position = Buffer.from('null'), state = Buffer.from('null'), keys = Buffer.from('[]') }) {
  const none = safetensors(Buffer.from('{}      '));
  const checksum = crc32(none);
  const record = Buffer.concat([
    Buffer.from(
      `{"generation":1,"checkpoint":{"format":"floragrad checkpoint","version":1,"steps":0,"kernels":{},"checksums":{"parameters":${checksum},"state":${checksum}},"keys":`,
    ),
    keys,
    Buffer.from(',"position":'),
    position,
    Buffer.from(',"state":'),
    state,
    Buffer.from('}}\n'),
  ]);
  return { 'checkpoint.json': record, 'parameters-1.safetensors': none, 'state-1.safetensors': none };
}

const peft = (config, header = Buffer.from('{}')) => ({
  'adapter_config.json': config,
  'adapter_model.safetensors': safetensors(header),
});
const config = (field, value) => join3(`{"peft_type":"LORA","r":2,"lora_alpha":4,"${field}":`, value, '}');
const list = (length, piece, numbered) => join3('[', fill(length, piece, numbered), '0]');
const zeros = (length) => ({ sparse: length });

/** Format → shape → files. What comes first is what is loaded. */
const shapes = {
  safetensors: {
    '99 MB of empty lists': () => model(list(99 * MB, '[],')),
    '5 MB of empty lists': () => model(join3('{"a":', list(5 * MB, '[],'), '}')),
    '5 MB of empty records': () => model(join3('{"a":', list(5 * MB, '{},'), '}')),
    '5 MB of lists of one': () => model(join3('{"a":', list(5 * MB, '[0],'), '}')),
    '5 MB of records as tensors': () => model(join3('{', fill(5 * MB, '"#":{},', true), '"-":0}')),
    '99 MB of metadata of empty strings': () =>
      model(join3('{"__metadata__":{', fill(99 * MB, '"#":"",', true), '"-":""}}')),
    '5 MB of metadata of empty strings': () =>
      model(join3('{"__metadata__":{', fill(5 * MB, '"#":"",', true), '"-":""}}')),
    '99 MB of one metadata string, not Latin': () => model(join3('{"__metadata__":{"a":"', fill(99 * MB, 'ж'), '"}}')),
    '99 MB of one name': () => model(join3('{"', fill(99 * MB, 'a'), `":${empty}}`)),
    '99 MB of one name in escapes': () => model(join3('{"', fill(99 * MB - 6, '\\u0061'), `":${empty}}`)),
    '99 MB of one name, for an unknown field': () => model(join3('{"a":{"', fill(99 * MB, 'a'), '":0}}')),
    '99 MB of one number': () => model(join3('{"a":', fill(99 * MB, '1'), '}')),
    '99 MB of open lists': () => model(fill(99 * MB, '[')),
    '99 MB of open records': () => model(fill(99 * MB, '{"a":')),
    '99 MB of spaces': () => model(join3('{', fill(99 * MB, ' '), '}')),
    '99 MB of extents of one tensor': () =>
      model(join3('{"a":{"dtype":"F32","data_offsets":[0,4],"shape":', list(99 * MB, '1,'), '}}'), Buffer.alloc(4)),
    '99 MB of offsets of one tensor': () =>
      model(join3('{"a":{"dtype":"F32","shape":[1],"data_offsets":', list(99 * MB, '0,'), '}}'), Buffer.alloc(4)),
    '20,000 empty tensors': () => model(tensors(20_000)),
    '200,000 empty tensors': () => model(tensors(200_000)),
    '1,500,000 empty tensors': () => model(tensors(1_500_000)),
    'tensors of 64 axes': () =>
      model(
        join3(
          '{',
          fill(4 * MB, `"#":{"dtype":"F32","shape":[${'0,'.repeat(63)}0],"data_offsets":[0,0]},`, true),
          `"-":${empty}}`,
        ),
      ),
    '64 MB of F8': () =>
      model(
        Buffer.from(`{"a":{"dtype":"F8_E4M3","shape":[64000000],"data_offsets":[0,64000000]}}`),
        Buffer.alloc(64 * MB),
      ),
  },
  npy: {
    'a header of 65,000 spaces': () => ({ 'x.npy': npy(fill(65_000, ' ')) }),
    '30,000 axes': () => ({ 'x.npy': npy(npyHeader('<f4', 'False', `(${'1,'.repeat(30_000)})`), Buffer.alloc(4)) }),
    'a header of 99 MB': () => ({ 'x.npy': npy(join3('{', fill(99 * MB, "'a':'b',"), '}'), Buffer.alloc(0), 2) }),
    '64 MB of int8, first axis fastest': () => ({
      'x.npy': npy(npyHeader('|i1', 'True', '(8000, 8000)'), Buffer.alloc(64 * MB)),
    }),
  },
  npz: {
    '65,534 files in one place': () => {
      const bytes = Buffer.alloc(0);
      return npz([
        { name: '-', bytes },
        ...Array.from({ length: 65_533 }, (_, i) => ({ name: i.toString(36), bytes, same: 0 })),
      ]);
    },
    '65,534 empty arrays': () => {
      const bytes = npy(npyHeader('<f4', 'False', '(0,)'));
      return npz(Array.from({ length: 65_534 }, (_, i) => ({ name: `${i.toString(36)}.npy`, bytes })));
    },
    '20,000 empty arrays': () => {
      const bytes = npy(npyHeader('<f4', 'False', '(0,)'));
      return npz(Array.from({ length: 20_000 }, (_, i) => ({ name: `${i.toString(36)}.npy`, bytes })));
    },
    '700 names of 65,000 bytes': () => {
      const bytes = npy(npyHeader('<f4', 'False', '(0,)'));
      return npz(Array.from({ length: 700 }, (_, i) => ({ name: String(i).padStart(65_000, 'a'), bytes })));
    },
    '64 MB of int8 in 16 files': () => {
      const bytes = npy(npyHeader('|i1', 'False', '(4000000,)'), Buffer.alloc(4 * MB));
      return npz(Array.from({ length: 16 }, (_, i) => ({ name: `${i}.npy`, bytes })));
    },
    '1.2 GB out of 1.2 MB': () => {
      const bytes = npy(npyHeader('<f4', 'False', '(100000000,)'), Buffer.alloc(400 * MB));
      return npz(Array.from({ length: 3 }, (_, i) => ({ name: `${i}.npy`, bytes, deflate: true })));
    },
  },
  checkpoint: {
    '99 MB of empty lists': () => checkpoint({ position: list(99 * MB, '[],') }),
    '5 MB of empty lists': () => checkpoint({ position: list(5 * MB, '[],') }),
    '5 MB of empty records': () => checkpoint({ position: list(5 * MB, '{},') }),
    '5 MB of lists of lists': () => checkpoint({ position: join3('{"list":', list(5 * MB, '{"list":[]},'), '}') }),
    '5 MB of entries of a record': () =>
      checkpoint({ position: join3('{"record":[', fill(5 * MB, '["#",0],', true), '["-",0]]}') }),
    '5 MB of records of one entry': () =>
      checkpoint({ position: join3('{"list":', list(5 * MB, '{"record":[["a",0]]},'), '}') }),
    '99 MB of numbers': () => checkpoint({ position: join3('{"list":', list(99 * MB, '0,'), '}') }),
    '8 MB of fractions': () => checkpoint({ position: join3('{"list":', list(8 * MB, '.5,'.replace('.', '1.')), '}') }),
    '99 MB of keys': () => checkpoint({ keys: list(99 * MB, '["a",[0,0]],') }),
    '5 MB of states without tensors': () =>
      checkpoint({ state: join3('{"list":', list(5 * MB, '{"number":"NaN"},'), '}') }),
    'a record of 600 MB': () => ({ ...checkpoint({}), 'checkpoint.json': zeros(600 * MB) }),
    'a record of 3 GB': () => ({ ...checkpoint({}), 'checkpoint.json': zeros(3000 * MB) }),
  },
  peft: {
    'a configuration of 576 MB': () => peft(zeros(576 * MB)),
    'a configuration of 3 GB': () => peft(zeros(3000 * MB)),
    '99 MB of patterns': () => peft(config('rank_pattern', join3('{', fill(99 * MB, '"#":1,', true), '"-":1}'))),
    '5 MB of patterns': () => peft(config('rank_pattern', join3('{', fill(5 * MB, '"#":1,', true), '"-":1}'))),
    '5 MB of unknown fields': () => peft(join3('{', fill(5 * MB, '"#":{},', true), '"-":1}')),
    '5 MB of empty lists': () => peft(config('target_modules', list(5 * MB, '[],'))),
    '200,000 empty tensors': () => peft(config('bias', Buffer.from('"none"')), tensors(200_000)),
  },
};

function parent() {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-files-'));
  const rows = [];
  try {
    for (const [format, cases] of Object.entries(shapes)) {
      for (const [name, make] of Object.entries(cases)) {
        if (!`${format}: ${name}`.includes(options.only)) continue;
        rows.push(measure(join(folder, 'case'), format, name, make()));
        rmSync(join(folder, 'case'), { recursive: true, force: true });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const failed = rows.filter(({ good }) => !good).length;
  console.log(`${rows.length} shapes, ${failed} of them past the bound or fatal`);
  process.exitCode = failed ? 1 : 0;
}

function measure(folder, format, name, files) {
  mkdirSync(folder, { recursive: true });
  let bytes = 0;
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    if (content.sparse) {
      const handle = openSync(path, 'w');
      ftruncateSync(handle, content.sparse);
      closeSync(handle);
    } else writeFileSync(path, content);
    bytes += statSync(path).size;
  }
  const target = ['checkpoint', 'peft'].includes(format) ? folder : join(folder, Object.keys(files)[0]);
  const arguments_ = [`--max-old-space-size=${heap}`, fileURLToPath(import.meta.url), '--dist', options.dist];
  const { status, signal, stdout } = spawnSync(process.execPath, [...arguments_, '--read', format, '--path', target], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const said = /^\{.*\}$/m.exec(stdout ?? '')?.[0];
  const { outcome, peak } =
    status === 0 && said ? JSON.parse(said) : { outcome: `died (${signal ?? status})`, peak: Number.NaN };
  // What a compressed archive unpacks to counts as its bytes, up to maxBytes, which has a bound of its own.
  const bound = perByte * bytes + constant;
  const good = peak <= bound && !/^(died|raw)/.test(outcome);
  const cells = [
    format.padEnd(11),
    name.padEnd(41),
    `${(bytes / MB).toFixed(1)} MB`.padStart(10),
    `${Number.isNaN(peak) ? '–' : (peak / MB).toFixed(1)} MB`.padStart(11),
    `${Number.isNaN(peak) ? '–' : (peak / bytes).toFixed(1)}×`.padStart(9),
    good ? '  ' : ' !',
    outcome,
  ];
  console.log(cells.join(' '));
  return { good };
}

/** Read one file, and print what came of it and by how much the peak of memory rose meanwhile. */
async function child() {
  const [core, node] = await Promise.all(
    ['index.js', 'node.js'].map((file) => import(pathToFileURL(join(resolve(options.dist), file)).href)),
  );
  const read = {
    safetensors: node.loadSafetensors,
    npy: node.loadNpy,
    npz: (path) => node.loadNpz(path, { maxBytes: 64 * MB + 64_000 }),
    checkpoint: (folder) => node.loadCheckpoint(folder, { kernels: 'any' }),
    peft: node.loadPeft,
  }[options.read];
  core.decodeSafetensors(await core.encodeSafetensors({ x: core.zeros([4]) })); // the kernels are there
  await core.encodeNpz({ x: core.zeros([4]) }).then((bytes) => core.decodeNpz(bytes));
  const before = peakMemory();
  let [outcome, kept] = ['', null];
  try {
    kept = await read(options.path);
    outcome = 'read';
  } catch (error) {
    outcome = error instanceof core.FileError ? error.message.slice(0, 110) : `raw ${String(error).slice(0, 100)}`;
  }
  const peak = peakMemory() - before;
  console.log(`${JSON.stringify({ outcome, peak, kept: kept === null })}`);
}

/** Bytes. On Linux the kernel counts for this program alone; elsewhere, and in maxRSS, its parent's may be in it. */
function peakMemory() {
  if (!existsSync('/proc/self/status')) return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

if (options.read) await child();
else parent();
