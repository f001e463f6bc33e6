import type { Tensor } from './tensor';
import { Value } from './value';

export function isTensor(x: unknown): x is Tensor {
  return typeof x === 'object' && x !== null && (x as { value?: unknown }).value instanceof Value;
}

/** Visit every tensor in arrays, records, Maps and modules once, in order of their fields; all else is left alone. */
export function forEachTensor(tree: unknown, visit: (tensor: Tensor) => void): void {
  if (isTensor(tree))
    visit(tree); // by far the most common
  else if (typeof tree === 'object' && tree !== null) search(tree, visit, new Set());
}

function search(tree: object, visit: (tensor: Tensor) => void, seen: Set<object>): void {
  if (ArrayBuffer.isView(tree) || seen.has(tree)) return;
  seen.add(tree);
  if (isTensor(tree)) {
    visit(tree);
    return;
  }
  for (const branch of branchesOf(tree)) {
    if (typeof branch === 'object' && branch !== null) search(branch, visit, seen);
  }
}

function branchesOf(tree: object): Iterable<unknown> {
  if (Array.isArray(tree)) return tree;
  return tree instanceof Map ? tree.values() : Object.values(tree);
}

/** The same plain arrays and records with every tensor replaced; numbers and strings stay. */
export function mapTensors<T>(tree: T, replace: (tensor: Tensor, path: string) => Tensor, path = ''): T {
  if (isTensor(tree)) return replace(tree, path) as T;
  if (Array.isArray(tree)) return tree.map((branch, i) => mapTensors(branch, replace, `${path}/${i}`)) as T;
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return tree;
  const entries = Object.entries(tree).map(([name, branch]) => [name, mapTensors(branch, replace, `${path}/${name}`)]);
  return Object.fromEntries(entries) as T;
}
