import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CharVocabulary,
  encodeAdapters,
  encodeCheckpoint,
  encodeGPT,
  encodeNpy,
  encodeNpz,
  encodePeft,
  encodeSafetensors,
  GPT,
  keep,
  random,
} from '../../../../src/index';
import * as node from '../../../../src/node';
import { type Row, row } from '../harness';
import { type KindName, nothing, options, tensors } from '../kinds';
import { ones } from '../library';

// Bytes of files, and files themselves, which are written to a folder that goes with the process.

const folder = mkdtempSync(join(tmpdir(), 'floragrad-misuse-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const one = keep(ones([2, 3]));
const params = () => ({ w: one });
const checkpoint = () => ({ parameters: params(), state: { mean: one }, steps: 3 });
const peft = () => ({ params: { 'a.lora.A': one, 'a.lora.B': keep(ones([3, 2])) }, rank: 2, alpha: 4 });
const saved = () => ({
  methods: [{ method: 'lora', settings: {}, paths: ['a'] }],
  params: peft().params,
});
const gpt = new GPT({ vocabularySize: 3, context: 2, width: 2, heads: 1, layers: 0, key: random.key(0) });
const vocabulary = () => ({ vocabulary: new CharVocabulary('abc') });
const bytes = {
  npy: await encodeNpy(one),
  npz: await encodeNpz(params()),
  safetensors: await encodeSafetensors(params()),
  gpt: await encodeGPT(gpt, vocabulary()),
  peft: await encodePeft(peft()),
  adapters: await encodeAdapters(saved()),
  checkpoint: await encodeCheckpoint(checkpoint()),
};

const records: readonly KindName[] = ['{}', '{ tensor }'];
const asynchronous = { asynchronous: true };

const inMemory: readonly Row[] = [
  row('encodeNpy', () => [one], [tensors], asynchronous),
  row('decodeNpy', () => [bytes.npy], [nothing]),
  row('encodeNpz', () => [params()], [records], asynchronous),
  row('decodeNpz', () => [bytes.npz, {}], [nothing, options], asynchronous),
  row('encodeSafetensors', () => [params(), { format: 'pt' }, {}], [records, options, options], asynchronous),
  row('decodeSafetensors', () => [bytes.safetensors], [nothing]),
  row('safetensorsMetadata', () => [bytes.safetensors], [nothing]),
  row('encodeGPT', () => [gpt, vocabulary()], [nothing, nothing], {
    ...asynchronous,
    options: { vocabulary: nothing },
  }),
  row('decodeGPT', () => [bytes.gpt], [nothing]),
  row('encodeAdapters', () => [saved()], [nothing], asynchronous),
  row('decodeAdapters', () => [bytes.adapters], [nothing]),
  row('encodePeft', () => [peft()], [nothing], asynchronous),
  row('decodePeft', () => [bytes.peft], [nothing]),
  row('encodeCheckpoint', () => [checkpoint()], [nothing], asynchronous),
  row('decodeCheckpoint', () => [bytes.checkpoint, {}], [nothing, options]),
  row('fromHuggingFaceGPT2', () => [params()], [records]),
  row('renameParams', () => [params(), [['w', 'v']]], [records, ['[]']]),
];

type Door = keyof typeof node;

const all: Readonly<Record<Door, unknown>> = node;
const doors = Object.keys(node) as Door[];
for (const name of doors) mkdirSync(join(folder, name));
await node.saveNpy(join(folder, 'loadNpy', 'a'), one);
await node.saveNpz(join(folder, 'loadNpz', 'a'), params());
await node.saveSafetensors(join(folder, 'loadSafetensors', 'a'), params());
await node.saveGPT(join(folder, 'loadGPT', 'a'), gpt, vocabulary());
await node.saveAdapters(join(folder, 'loadAdapters', 'a'), saved());
await node.savePeft(join(folder, 'loadPeft', 'a'), peft());
await node.saveCheckpoint(join(folder, 'loadCheckpoint', 'a'), checkpoint());

/** Files are written into the folder; a path that is none is passed as it is. */
function onDisk(name: Door, valid: () => unknown[], accepts: Row['accepts']): Row {
  const path = (given: unknown): unknown =>
    typeof given === 'string' && given !== '' ? join(folder, name, given) : given;
  const call = all[name] as (...args: unknown[]) => unknown;
  return row(name, valid, accepts, {
    asynchronous: true,
    call: ([given, ...rest]) => call(...(given === undefined && rest.length === 0 ? [] : [path(given), ...rest])),
    called: [name, 'cannot read'], // a file that is not there is called by its path
  });
}

const strings: readonly KindName[] = ["'x'"];

const files: readonly Row[] = [
  onDisk('saveNpy', () => ['a', one], [strings, tensors]),
  onDisk('saveNpz', () => ['a', params()], [strings, records]),
  onDisk('saveSafetensors', () => ['a', params(), { format: 'pt' }, {}], [strings, records, options, options]),
  onDisk('saveGPT', () => ['a', gpt, vocabulary()], [strings, nothing, nothing]),
  onDisk('loadGPT', () => ['a'], [nothing]),
  onDisk('saveAdapters', () => ['a', saved()], [strings, nothing]),
  onDisk('loadAdapters', () => ['a'], [nothing]),
  onDisk('savePeft', () => ['a', peft()], [strings, nothing]),
  onDisk('saveCheckpoint', () => ['a', checkpoint()], [strings, nothing]),
  onDisk('loadNpy', () => ['a'], [nothing]),
  onDisk('loadNpz', () => ['a', {}], [nothing, options]),
  onDisk('loadSafetensors', () => ['a'], [nothing]),
  onDisk('loadPeft', () => ['a'], [nothing]),
  onDisk('loadCheckpoint', () => ['a', {}], [nothing, options]),
  row('corpus', () => ['moby-dick'], [nothing], asynchronous),
];

export const fileRows: readonly Row[] = [...inMemory, ...files];
