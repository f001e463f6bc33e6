import type { DType } from '../base/dtype';
import type { Shape } from '../base/shape';
import { tensor } from '../tensor/ops/create';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** A tree of plain data as a checkpoint holds it: text, and the bytes of its tensors. */
export interface SavedTree {
  readonly json: string;
  readonly bytes: readonly Uint8Array[];
}

/** A value in JSON: records as lists of entries, so that no key is special, and tensors by their number. */
type Coded =
  | { readonly record: readonly (readonly [string, Coded])[] }
  | { readonly list: readonly Coded[] }
  | { readonly tensor: number; readonly shape: Shape; readonly dtype: DType }
  | { readonly plain: unknown };

/** Text and bytes of a tree; what is no plain data is lost, as it would be in a file. */
export async function saveTree(tree: unknown): Promise<SavedTree> {
  const tensors: Tensor[] = [];
  const json = JSON.stringify(encode(tree, tensors));
  const bytes = await Promise.all(
    tensors.map(async (x) => {
      const values = await x.data();
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    }),
  );
  return { json, bytes };
}

/** The tree again, with new tensors. */
export function loadTree<T>({ json, bytes }: SavedTree): T {
  return decode(JSON.parse(json) as Coded, bytes) as T;
}

function encode(tree: unknown, tensors: Tensor[]): Coded {
  if (isTensor(tree)) return { tensor: tensors.push(tree) - 1, shape: tree.shape, dtype: tree.dtype };
  if (Array.isArray(tree)) return { list: tree.map((branch) => encode(branch, tensors)) };
  if (typeof tree !== 'object' || tree === null) return { plain: tree };
  return { record: Object.entries(tree).map(([key, branch]) => [key, encode(branch, tensors)] as const) };
}

function decode(coded: Coded, bytes: readonly Uint8Array[]): unknown {
  if ('record' in coded) return Object.fromEntries(coded.record.map(([key, branch]) => [key, decode(branch, bytes)]));
  if ('list' in coded) return coded.list.map((branch) => decode(branch, bytes));
  if (!('tensor' in coded)) return coded.plain;
  const { buffer } = (bytes[coded.tensor] as Uint8Array).slice();
  const values = coded.dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
  return tensor(values, { shape: coded.shape });
}
