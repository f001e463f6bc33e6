import { FileError, OptionError, StateError } from '../base/errors';
import { key } from '../base/key';
import {
  checkArgument,
  isPlainObject,
  kindOf,
  listOf,
  type OptionsOf,
  readOptions,
  refuseExtra,
  required,
  string,
} from '../base/options';
import { sizeOf } from '../base/shape';
import { CharVocabulary } from '../data/char-vocabulary';
import { GPT } from '../nn/models/gpt';
import { type GPTSizes, parameterCount } from '../nn/models/gpt-size';
import { scope } from '../tensor/scope';
import type { Params } from '../tensor/tensor';
import { readHeader } from './header';
import { bytesKind } from './kinds';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

/** A model with the characters that its tokens stand for. */
export interface SavedGPT {
  /** The model, with the weights of the file. */
  readonly model: GPT;
  /** The characters; the id of a character is its token. */
  readonly vocabulary: CharVocabulary;
}

const encodeGPTOptions = {
  /** The characters that the tokens of the model stand for. */
  vocabulary: required(kindOf<CharVocabulary>('a CharVocabulary', (value) => value instanceof CharVocabulary)),
};

/** What a model needs beside its weights to read and write text. */
export interface EncodeGPTOptions extends OptionsOf<typeof encodeGPTOptions> {}

/** What says that a safetensors file is such a model; the rest of the metadata is JSON. */
const kind = 'character-level GPT of floragrad';

/**
 * A character-level GPT as one safetensors file: the weights under their own names, and as strings about them the sizes
 * and the characters, which are needed to build the model again. The command writes and reads the same files.
 * @throws OptionError `model/save` where the model has adapters, or another number of tokens than the vocabulary
 * @example
 * const vocabulary = new CharVocabulary('a text to learn from');
 * const sizes = { vocabularySize: vocabulary.size, context: 8, width: 8, heads: 2, layers: 1 };
 * const bytes = await encodeGPT(new GPT({ ...sizes, key: random.key(0) }), { vocabulary });
 * const saved = decodeGPT(bytes);
 * console.log(saved.model.context, saved.vocabulary.size); // prints 8 11
 */
export async function encodeGPT(model: GPT, options: EncodeGPTOptions): Promise<Uint8Array> {
  if (arguments.length > 2) refuseExtra('encodeGPT', arguments, 2);
  const { params, metadata } = gptFile('encodeGPT', model, options);
  return encodeSafetensors(params, metadata);
}

/** What `encodeGPT` writes, checked in the name of another function. */
export function gptFile(
  where: string,
  model: GPT,
  options: EncodeGPTOptions,
): { params: Params; metadata: Record<string, string> } {
  checkArgument(where, 'model', modelKind, model);
  const { vocabulary } = readOptions(where, encodeGPTOptions, options, 'model');
  const [sizes, params] = [sizesOf(model), model.state()];
  if (!isPlain(model, sizes, params))
    throw notSaved(where, 'a model with adapters, or with parts that GPT does not make');
  if (vocabulary.size !== sizes.vocabularySize)
    throw notSaved(where, `${vocabulary.size} characters for ${sizes.vocabularySize} tokens`);
  const characters = JSON.stringify(vocabulary.characters);
  return { params, metadata: { format: 'pt', kind, sizes: JSON.stringify(sizes), characters } };
}

/**
 * The model in a file that `encodeGPT` or `floragrad train --save` wrote, and its vocabulary. The file is not trusted: its
 * sizes must fit its tensors before a model is made.
 * @throws FileError `model/kind`, `safetensors/…`
 */
export function decodeGPT(bytes: Uint8Array): SavedGPT {
  if (arguments.length > 1) refuseExtra('decodeGPT', arguments, 1);
  checkArgument('decodeGPT', 'bytes', bytesKind, bytes);
  return readGPT('the file', bytes);
}

/** `decodeGPT` of a file that has a name. */
export function readGPT(name: string, bytes: Uint8Array): SavedGPT {
  const { entries, metadata } = readHeader(bytes);
  if (metadata.kind !== kind) throw otherKind(name);
  const read = (part: string): unknown => {
    try {
      return JSON.parse(metadata[part] ?? '');
    } catch (cause) {
      throw otherKind(name, cause);
    }
  };
  const [sizes, characters] = [read('sizes'), read('characters')];
  if (!areSizes(sizes) || !texts.fits(characters)) throw otherKind(name);
  const vocabulary = new CharVocabulary(characters.join(''));
  const sameOrder = vocabulary.characters.every((character, id) => character === characters[id]);
  if (!sameOrder || characters.length !== vocabulary.size || vocabulary.size !== sizes.vocabularySize)
    throw otherKind(name);
  const numbers = entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const tensors = 12 * sizes.layers + (sizes.tieHead ? 4 : 5);
  if (numbers !== parameterCount(sizes) || entries.length !== tensors) throw otherKind(name); // before a model is made
  const params = decodeSafetensors(bytes);
  const model = new GPT({ ...sizes, key: key(0) });
  try {
    model.load(params);
  } catch (cause) {
    throw otherKind(name, cause);
  }
  return { model, vocabulary };
}

/** The sizes of a model, as they are written. */
export function sizesOf({ tokenEmbedding, context, blocks, head, dropout }: GPT): GPTSizes {
  const [vocabularySize, width] = tokenEmbedding.weight.shape as [number, number];
  const { heads, headWidth } = blocks[0]?.attention ?? { heads: 1, headWidth: width };
  return {
    ...{ vocabularySize, context, width, heads, layers: blocks.length },
    ...(heads * headWidth !== width && { headWidth }),
    ...(head.weight === tokenEmbedding.weight && { tieHead: true }),
    ...(dropout.rate > 0 && { dropout: dropout.rate }),
  };
}

/** Whether the sizes say all of a model but its weights. */
function isPlain({ blocks }: GPT, sizes: GPTSizes, params: Params): boolean {
  const { width, heads, headWidth = width / heads } = sizes;
  const one = { ...sizes, vocabularySize: 1, context: 1, width: 1, heads: 1, headWidth: 1 };
  const names = scope(() => Object.keys(new GPT({ ...one, key: key(0) }).state()));
  return (
    names.join() === Object.keys(params).join() &&
    Object.values(params).reduce((sum, { size }) => sum + size, 0) === parameterCount(sizes) &&
    blocks.every(
      ({ attention: a }) => a.causal && a.rotaryBase === null && a.heads === heads && a.headWidth === headWidth,
    )
  );
}

const modelKind = kindOf<GPT>('a GPT', (value) => value instanceof GPT, 'arguments/module');

const texts = listOf(string);
const isSize = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1 && (n as number) < 2 ** 31;
const counts = ['vocabularySize', 'context', 'width', 'heads', 'layers'];
const others: Readonly<Record<string, (value: unknown) => boolean>> = {
  headWidth: isSize,
  tieHead: (value) => value === true,
  dropout: (value) => typeof value === 'number' && value > 0 && value <= 1,
};

function areSizes(read: unknown): read is GPTSizes {
  if (!isPlainObject(read)) return false;
  const { width, heads, headWidth } = read as unknown as GPTSizes;
  return (
    counts.every((name) => isSize(read[name]) || (name === 'layers' && read[name] === 0)) &&
    Object.keys(read).every(
      (name) => counts.includes(name) || (Object.hasOwn(others, name) && others[name]?.(read[name])),
    ) &&
    (headWidth !== undefined || width % heads === 0)
  );
}

function notSaved(where: string, got: string): OptionError {
  return new OptionError({
    code: 'model/save',
    got: `${where} got ${got}`,
    expected: 'a GPT as its constructor makes it, with the vocabulary of its text',
    fix: 'merge and remove adapters first, or save other models with encodeSafetensors',
  });
}

function otherKind(name: string, cause?: unknown): FileError {
  return new FileError(
    {
      code: 'model/kind',
      got: `${name} is a safetensors file without the sizes and the characters of a model, or with other tensors${cause instanceof StateError ? `: ${cause.got}` : ''}`,
      expected: 'a file that encodeGPT, saveGPT or floragrad train --save wrote',
      fix: 'load other files in a program, with loadSafetensors and renameParams',
    },
    { cause },
  );
}
