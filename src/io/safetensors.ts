import type { TypedArray } from '../base/dtype';
import { callable, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { checkParams } from '../tensor/check';
import { fromArray } from '../tensor/ops/create';
import type { Params, Tensor } from '../tensor/tensor';
import { readHeader } from './header';
import { bytesKind, metadataKind } from './kinds';
import { layOut } from './safetensors-layout';
import { decodeValues, encodeValues, plainType, type StoredType } from './stored-type';

const encodeSafetensorsOptions = {
  /**
   * The element type of each tensor (default: F32 and I32, which keep every bit). Smaller floats round to nearest; a
   * number that the type does not hold is an error.
   */
  storeAs: optional(
    callable<(path: string, tensor: Tensor) => StoredType>('of a path and a tensor that returns a stored type'),
    (_, { dtype }) => plainType(dtype),
  ),
};

/** How tensors are stored. */
export interface EncodeSafetensorsOptions extends OptionsOf<typeof encodeSafetensorsOptions> {}

/**
 * The bytes of a safetensors file with these tensors, and with strings about them. The names are the paths as they are.
 * @throws FileError `safetensors/name`, `safetensors/header`, `file/values`
 * @throws OptionError `options/unknown`, `options/choice`
 * @see https://huggingface.co/docs/safetensors
 * @example
 * const bytes = await encodeSafetensors({ weight: tensor([[1, 2], [3, 4]]) }, { format: 'pt' });
 * console.log(await decodeSafetensors(bytes).weight?.array()); // prints [ [ 1, 2 ], [ 3, 4 ] ]
 */
export async function encodeSafetensors(
  params: Params,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeSafetensorsOptions = {},
): Promise<Uint8Array> {
  if (arguments.length > 3) refuseExtra('encodeSafetensors', arguments, 3);
  const { head, entries, fileBytes } = layOutWith('encodeSafetensors', params, metadata, options);
  const bytes = new Uint8Array(fileBytes);
  bytes.set(head);
  for (const { name, type, start, end } of entries) {
    encodeValues(type, await (params[name] as Tensor).data(), bytes.subarray(start, end), name);
  }
  return bytes;
}

/** `layOut` with options that are checked in the name of another function. */
export function layOutWith(
  where: string,
  params: Params,
  metadata: Readonly<Record<string, string>>,
  options: EncodeSafetensorsOptions,
): ReturnType<typeof layOut> {
  checkParams(where, 'params', params);
  checkArgument(where, 'metadata', metadataKind, metadata);
  const { storeAs } = readOptions(where, encodeSafetensorsOptions, options, 'params, metadata');
  return layOut(params, metadata, storeAs);
}

/**
 * The tensors of a safetensors file, in the order of its header. Floats become float32: exact, but for F64, which is
 * rounded to nearest. Integers and booleans become int32, exact. The file is not trusted: whatever its bytes are, the
 * outcome is its tensors or an error, and these take at most four bytes for each byte of the file.
 * @throws FileError `safetensors/header`, `safetensors/tensor`, `safetensors/layout`, `file/values`
 */
export function decodeSafetensors(bytes: Uint8Array): Params {
  if (arguments.length > 1) refuseExtra('decodeSafetensors', arguments, 1);
  checkArgument('decodeSafetensors', 'bytes', bytesKind, bytes);
  return decodeTensors(bytes, () => {});
}

/** `decodeSafetensors`; `onValues` sees those of each tensor and may throw. */
export function decodeTensors(bytes: Uint8Array, onValues: (name: string, values: TypedArray) => void): Params {
  const { entries } = readHeader(bytes);
  const tensors = entries.map(({ name, type, shape, start, end }) => {
    const values = decodeValues(type, bytes.subarray(start, end), name);
    onValues(name, values);
    return [name, fromArray(values, shape)] as const;
  });
  return Object.fromEntries(tensors);
}

/**
 * The strings about the tensors of a safetensors file.
 * @throws FileError `safetensors/header`, `safetensors/tensor`, `safetensors/layout`
 */
export function safetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  if (arguments.length > 1) refuseExtra('safetensorsMetadata', arguments, 1);
  checkArgument('safetensorsMetadata', 'bytes', bytesKind, bytes);
  return { ...readHeader(bytes).metadata };
}
