import type { DType, TypedArray } from '../../base/dtype';
import { type Shape, show } from '../../base/shape';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';

/** One leaf of a tree, such as a state: a tensor with its values, or anything else as text. */
export interface TreeLeaf {
  /** Where it is, as a message prints it: `["mean"]["layer.weight"]`. */
  readonly place: string;
  /** The keys of records on the way to it, outermost first; places in arrays left out. */
  readonly keys: readonly string[];
  readonly tensor: { readonly shape: Shape; readonly dtype: DType; readonly values: TypedArray } | null;
  /** What is there: `float32 [2, 3]`, `7`, `"right"`, `{}` for an empty record. */
  readonly text: string;
  /** Why it is not plain data, if it is not. */
  readonly odd: string | null;
}

type Found = Omit<TreeLeaf, 'tensor'> & { readonly tensor: Tensor | null };

/** Every leaf of a tree in order; empty records and arrays count as leaves, so that none gets lost unseen. */
export async function readTree(tree: unknown): Promise<TreeLeaf[]> {
  const found: Found[] = [];
  collect(tree, { place: '', keys: [], above: [] }, found);
  return Promise.all(
    found.map(async ({ tensor, ...leaf }) => ({
      ...leaf,
      tensor: tensor && { shape: tensor.shape, dtype: tensor.dtype, values: await tensor.data() },
    })),
  );
}

interface Way {
  readonly place: string;
  readonly keys: readonly string[];
  readonly above: readonly object[];
}

function collect(tree: unknown, way: Way, found: Found[]): void {
  if (isTensor(tree)) found.push({ ...leafAt(way, `${tree.dtype} ${show(tree.shape)}`), tensor: tree });
  else if (typeof tree !== 'object' || tree === null) found.push(leafAt(way, textOf(tree), oddity(tree)));
  else if (way.above.includes(tree)) found.push(leafAt(way, 'a cycle', 'a record that contains itself'));
  else if (!isPlain(tree)) found.push(leafAt(way, `a ${classOf(tree)}`, `a ${classOf(tree)}`));
  else {
    const branches = Object.entries(tree);
    const list = Array.isArray(tree);
    if (branches.length === 0) found.push(leafAt(way, list ? '[]' : '{}'));
    for (const [key, branch] of branches) {
      const place = `${way.place}[${list ? key : JSON.stringify(key)}]`;
      collect(branch, { place, keys: list ? way.keys : [...way.keys, key], above: [...way.above, tree] }, found);
    }
  }
}

function leafAt({ place, keys }: Way, text: string, odd: string | null = null): Found {
  return { place, keys, text, odd, tensor: null };
}

function isPlain(x: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(x);
  return Array.isArray(x) || prototype === Object.prototype || prototype === null;
}

function classOf(x: object): string {
  return x.constructor?.name ?? 'object without a class';
}

function textOf(x: unknown): string {
  if (typeof x === 'string') return JSON.stringify(x);
  return typeof x === 'function' ? 'a function' : String(x);
}

/** Why JSON cannot hold a value, or null. */
function oddity(x: unknown): string | null {
  if (x === null || typeof x === 'string' || typeof x === 'boolean') return null;
  if (typeof x !== 'number') return x === undefined ? 'undefined' : `a ${typeof x}`;
  return Number.isFinite(x) ? null : `${x}, which JSON cannot hold`;
}

/** The first place where two trees differ, in words; null if they agree bit for bit. */
export function firstDifference(a: readonly TreeLeaf[], b: readonly TreeLeaf[]): string | null {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [p, q] = [a[i], b[i]];
    if (!p || !q || p.place !== q.place) return `${(p ?? q)?.place} is in one of them only`;
    if (p.text !== q.text) return `${p.place || 'it'} is ${p.text} and ${q.text}`;
    const element = p.tensor && q.tensor ? differentElement(p.tensor.values, q.tensor.values) : -1;
    if (element >= 0) {
      const [x, y] = [p.tensor?.values[element], q.tensor?.values[element]];
      return `element ${element} of ${p.place || 'it'} is ${x} and ${y}`;
    }
  }
  return null;
}

/** Like `firstDifference`, but the numbers may differ: only places, kinds and shapes count. */
export function structureDifference(a: readonly TreeLeaf[], b: readonly TreeLeaf[]): string | null {
  const skeleton = (leaf: TreeLeaf): TreeLeaf => ({
    ...leaf,
    tensor: null,
    text: leaf.tensor ? leaf.text : 'no tensor',
  });
  return firstDifference(a.map(skeleton), b.map(skeleton));
}

/** Index of the first element whose bits differ, or −1; of equal lengths, since the shapes are. */
function differentElement(a: TypedArray, b: TypedArray): number {
  const [p, q] = [bitsOf(a), bitsOf(b)];
  return p.findIndex((bits, i) => bits !== q[i]);
}

function bitsOf(values: TypedArray): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}
