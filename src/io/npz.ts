import { checkNumber, checkOptions, FileError } from '../base/errors';
import type { Params, Tensor } from '../tensor/tensor';
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
  const tensors = Object.entries(params).map(([name, x]) => [`${name}.npy`, x] as const);
  checkZip(tensors.map(([name, x]) => [name, npyBytes(x)]));
  const files: [string, Uint8Array][] = [];
  for (const [name, x] of tensors) files.push([name, await encodeNpy(x)]);
  return encodeZip(files);
}

/** Limits of what is read. */
export interface DecodeNpzOptions {
  /** Most bytes of all arrays, unpacked (default: 2³⁰). A compressed file of a few kilobytes can claim a thousand times as many. */
  readonly maxBytes?: number;
}

/**
 * The tensors of an npz file, compressed or not, converted as in `decodeNpy`. The bytes are not trusted.
 * @throws FileError `zip/archive`, `zip/unsupported`, `zip/too-large`, `npy/…`, `file/values`
 * @throws OptionError `options/unknown`, `options/range`
 */
export async function decodeNpz(bytes: Uint8Array, options: DecodeNpzOptions = {}): Promise<Params> {
  checkOptions('decodeNpz', options, ['maxBytes']);
  const { maxBytes = 2 ** 30 } = options;
  checkNumber('decodeNpz', 'maxBytes', maxBytes, { low: 0 });
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
