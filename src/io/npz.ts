import { FileError } from '../base/errors';
import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { checkParams } from '../tensor/check';
import type { Params, Tensor } from '../tensor/tensor';
import { bytesKind } from './kinds';
import { brief } from './limits';
import { decodeNpy, encodeNpy, npyBytes } from './npy';
import { checkZip, decodeZip, encodeZip } from './zip';

/**
 * The bytes of an npz file, as `numpy.load` reads it: a zip archive with one npy file for each tensor, not compressed.
 * @throws FileError `zip/too-large` where it would need zip64, `zip/name`, `npy/header`
 * @example
 * const bytes = await encodeNpz({ x: tensor([1, 2]), ids: tensor([3], { dtype: 'int32' }) });
 * console.log(Object.keys(await decodeNpz(bytes))); // prints [ 'x', 'ids' ]
 */
export async function encodeNpz(params: Params): Promise<Uint8Array> {
  if (arguments.length > 1) refuseExtra('encodeNpz', arguments, 1);
  checkParams('encodeNpz', 'params', params);
  const tensors = Object.entries(params).map(([name, x]) => [`${name}.npy`, x] as const);
  checkZip(tensors.map(([name, x]) => [name, npyBytes(x)]));
  const files: [string, Uint8Array][] = [];
  for (const [name, x] of tensors) files.push([name, await encodeNpy(x)]);
  return encodeZip(files);
}

/** Options of `decodeNpz`, which `loadNpz` takes too. */
export const decodeNpzOptions = {
  /** Most bytes of all arrays, unpacked (default: 2³⁰). A compressed file of a few kilobytes can claim a thousand times as many. */
  maxBytes: optional(number({ low: 0, high: Infinity }), 2 ** 30),
};

/** Limits of what is read. */
export interface DecodeNpzOptions extends OptionsOf<typeof decodeNpzOptions> {}

/**
 * The tensors of an npz file, compressed or not, converted as in `decodeNpy`. The bytes are not trusted.
 * @throws FileError `zip/archive`, `zip/unsupported`, `zip/too-large`, `npy/…`, `file/values`
 * @throws OptionError `options/unknown`, `options/range`
 */
export async function decodeNpz(bytes: Uint8Array, options: DecodeNpzOptions = {}): Promise<Params> {
  if (arguments.length > 2) refuseExtra('decodeNpz', arguments, 2);
  checkArgument('decodeNpz', 'bytes', bytesKind, bytes);
  const { maxBytes } = readOptions('decodeNpz', decodeNpzOptions, options, 'bytes');
  const tensors = new Map<string, Tensor>();
  for await (const [file, content] of decodeZip(bytes, maxBytes)) {
    const name = file.replace(/\.npy$/, '');
    if (tensors.has(name)) throw twice(name);
    tensors.set(name, decodeNpy(content));
  }
  return Object.fromEntries(tensors);
}

function twice(name: string): FileError {
  return new FileError({
    code: 'zip/archive',
    got: `an npz file has two arrays ${brief(name)}`,
    expected: 'each name once',
    fix: 'save the arrays again under different names',
  });
}
