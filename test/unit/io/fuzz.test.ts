import { expect, it } from 'vitest';
import { philox } from '../../../src/base/philox';
import {
  attachSaved,
  CharVocabulary,
  decodeAdapters,
  decodeGPT,
  decodeNpy,
  decodeNpz,
  decodePeft,
  decodeSafetensors,
  encodeAdapters,
  encodeGPT,
  encodeNpy,
  encodeNpz,
  encodePeft,
  encodeSafetensors,
  FileError,
  GPT,
  lora,
  lors,
  MLP,
  random,
  type StoredType,
  savedAdapters,
  tensor,
  zeros,
} from '../../../src/index';
import golden from '../../golden/files.json';

/** Numbers in [0, n) from one seeded stream. */
function stream(seed: number): (n: number) => number {
  const words = new Uint32Array(4);
  let count = 0;
  return (n) => {
    philox([seed, 77], count++, 0, 0, 0, words);
    return (words[0] as number) % n;
  };
}

type Mutation = (bytes: Uint8Array, draw: (n: number) => number) => Uint8Array;

const at = (bytes: Uint8Array, draw: (n: number) => number): number =>
  draw(2) ? draw(bytes.length) : draw(Math.min(bytes.length, 400)); // half of them in the header
const splice = (bytes: Uint8Array, from: number, removed: number, put: Uint8Array): Uint8Array =>
  Uint8Array.from([...bytes.subarray(0, from), ...put, ...bytes.subarray(from + removed)]);
const words = [
  '0',
  '-1',
  '1e9',
  '1.5',
  '4294967296',
  '9007199254740993',
  '1e999',
  '[',
  ']',
  '{',
  '}',
  '"',
  ',',
  ':',
  '\\u0000',
  'null',
  '"__proto__"',
  '"dtype":',
  '"F64"',
  '"I8"',
  '"shape":[]',
  '"data_offsets":[0,0]',
  "'<f8'",
  'True',
  '(',
  ')',
  '\ufeff',
];

/** What a hostile or broken file may look like. */
const mutations: Readonly<Record<string, Mutation>> = {
  flipBits: (bytes, draw) => {
    const mutant = bytes.slice();
    for (let i = 0; i <= draw(4); i++) (mutant[at(bytes, draw)] as number) ^= 1 << draw(8);
    return mutant;
  },
  setBytes: (bytes, draw) => {
    const mutant = bytes.slice();
    for (let i = 0; i <= draw(4); i++) mutant[at(bytes, draw)] = draw(256);
    return mutant;
  },
  truncate: (bytes, draw) => bytes.subarray(0, draw(bytes.length)),
  extend: (bytes, draw) => splice(bytes, bytes.length, 0, new Uint8Array(1 + draw(40))),
  insertWord: (bytes, draw) =>
    splice(bytes, at(bytes, draw), draw(3), new TextEncoder().encode(words[draw(words.length)])),
  repeat: (bytes, draw) => {
    const from = at(bytes, draw);
    return splice(bytes, from, 0, bytes.slice(from, from + draw(60)));
  },
  remove: (bytes, draw) => splice(bytes, at(bytes, draw), 1 + draw(30), new Uint8Array()),
  digits: (bytes, draw) => {
    const mutant = bytes.slice();
    for (let i = 0; i < Math.min(mutant.length, 2000); i++) {
      const digit = (mutant[i] as number) >= 0x30 && (mutant[i] as number) <= 0x39;
      if (digit && draw(8) === 0) mutant[i] = 0x30 + draw(10);
    }
    return mutant;
  },
  length: (bytes, draw) => {
    const mutant = bytes.slice();
    for (let i = 0; i < 8; i++) if (draw(3) === 0) mutant[i] = draw(256);
    return mutant;
  },
  mixed: (bytes, draw) => {
    const [a, b] = [pick(draw), pick(draw)];
    return b(a(bytes, draw), draw);
  },
};
const pick = (draw: (n: number) => number): Mutation => {
  const plain = Object.entries(mutations).filter(([name]) => name !== 'mixed');
  return (plain[draw(plain.length)] as [string, Mutation])[1];
};

/** Bytes of all typed arrays and buffers that `work` makes by their length, which is how large ones are made. */
async function allocated(work: () => unknown): Promise<{ bytes: number; error: unknown }> {
  const names = ['Float32Array', 'Int32Array', 'Uint8Array', 'ArrayBuffer'] as const;
  const originals = names.map((name) => globalThis[name]);
  let [bytes, error]: [number, unknown] = [0, null];
  for (const [i, name] of names.entries()) {
    const size = { Float32Array: 4, Int32Array: 4, Uint8Array: 1, ArrayBuffer: 1 }[name];
    const counting = new Proxy(originals[i] as typeof ArrayBuffer, {
      construct(target, args: unknown[], newTarget) {
        if (typeof args[0] === 'number') bytes += args[0] * size;
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    Object.assign(globalThis, { [name]: counting });
  }
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  } finally {
    for (const [i, name] of names.entries()) Object.assign(globalThis, { [name]: originals[i] });
  }
  return { bytes, error };
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const layers = (): MLP => new MLP({ sizes: [4, 3, 2], key: random.key(0) });
const types: StoredType[] = ['F32', 'F16', 'F8_E4M3', 'F64'];

/** Each format: files to begin with, how it is read, and how many bytes it may take for each byte of a file. */
const formats = {
  safetensors: {
    files: async () => [
      bytesOf(golden.everyType.safetensors),
      await encodeSafetensors({ a: zeros([2, 3]), b: tensor([1], { dtype: 'int32' }), c: zeros([0]) }, { about: 'x' }),
      await encodeSafetensors(
        { a: zeros([3]), b: zeros([5]), c: zeros([2]), d: zeros([4]) },
        {},
        {
          storeAs: (path) => types[path.charCodeAt(0) - 97] as StoredType,
        },
      ),
    ],
    read: decodeSafetensors,
    count: 10_000,
    expansion: 4,
  },
  npy: {
    files: async () => [
      await encodeNpy(zeros([2, 3])),
      ...Object.values(golden.everyType.npy).map(bytesOf),
      ...Object.values(golden.everyType.fortran).map(bytesOf),
      bytesOf(golden.shapes.version2),
    ],
    read: decodeNpy,
    count: 10_000,
    expansion: 8, // the other order of axes is a copy
  },
  npz: {
    files: async () => [
      await encodeNpz({ x: zeros([2, 3]), y: zeros([4]) }),
      bytesOf(golden.npz.stored),
      bytesOf(golden.npz.compressed),
    ],
    read: decodeNpz,
    count: 3000,
    expansion: 1032 * 2, // deflate's largest, and the tensor
  },
  gpt: {
    files: async () => {
      const vocabulary = new CharVocabulary('ab');
      const sizes = { vocabularySize: 2, context: 2, width: 2, heads: 1, layers: 1 };
      return [await encodeGPT(new GPT({ ...sizes, key: random.key(0) }), { vocabulary })];
    },
    read: decodeGPT,
    count: 1000,
    expansion: 16, // its tensors, the model, and what its first values are drawn with
  },
  adapters: {
    files: async () => {
      const model = layers();
      lora(model, { rank: 2, match: 'layers.0' });
      lors(model, { rank: 1, match: 'layers.1' });
      return [await encodeAdapters(savedAdapters(model))];
    },
    read: (bytes: Uint8Array) => {
      const model = layers();
      attachSaved(model, decodeAdapters(bytes));
    },
    count: 800,
    expansion: 32, // its tensors, the model, the adapters, and what their first values are drawn with
  },
  peft: {
    files: async () => [
      (await encodePeft({ params: { 'w.lora.A': zeros([2, 3]), 'w.lora.B': zeros([4, 2]) }, rank: 2, alpha: 4 })).model,
    ],
    read: (bytes: Uint8Array) => decodePeft({ config: '{"peft_type":"LORA","r":2,"lora_alpha":4}', model: bytes }),
    count: 2000,
    expansion: 4,
  },
};

it.each(Object.entries(formats))(
  '%s: mutated files give their tensors or a FileError, within the memory of the file',
  async (_, { files, read, count, expansion }) => {
    const originals = await files();
    for (const original of originals) await read(original); // and the kernels are there
    const draw = stream(5);
    const names = Object.keys(mutations);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const original = originals[i % originals.length] as Uint8Array;
      const mutant = (mutations[names[i % names.length] as string] as Mutation)(original, draw);
      const { bytes, error } = await allocated(() => read(mutant));
      if (error !== null && !(error instanceof FileError))
        throw new Error(`mutant ${i}: ${String(error)}`, { cause: error });
      expect(bytes, `mutant ${i}`).toBeLessThanOrEqual(expansion * mutant.length);
      const outcome = error === null ? 'read' : (error as FileError).code;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // Most mutants are wrong, and in more than one way; a flipped bit of a number makes another file that is right.
    expect(outcomes.get('read') ?? 0).toBeLessThan(count / 2);
    expect(outcomes.size).toBeGreaterThan(2);
  },
);
