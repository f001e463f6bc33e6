import { OptionError } from '../base/errors';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** What `visitFields` does at a tensor or a module, with the dotted path of fields that leads there. */
export type Visit<M> = (found: Tensor | M, path: string) => void;

/**
 * Visit the tensors and modules in the fields of a module, and in arrays, plain records and Maps among them, in the
 * order of fields. A module, array, record or Map is entered once, so cycles are fine; a tensor is visited wherever it is.
 * Returns the objects that were looked into.
 * @throws OptionError `module/hidden` for a layer that sits where nothing looks for it, `module/key`
 */
export function visitFields<M extends object>(root: M, isModule: (x: object) => x is M, visit: Visit<M>): Set<object> {
  const seen = new Set<object>();

  const search = (node: object, path: string, found: Visit<M>): void => {
    if (isTensor(node)) found(node, path);
    if (isTensor(node) || seen.has(node) || ArrayBuffer.isView(node)) return;
    seen.add(node);
    if (Array.isArray(node)) {
      for (let i = 0; i < node.length; i++) enter(node[i], path, i, found);
    } else if (isModule(node)) {
      found(node, path);
      enterAll(node, path, found);
    } else if (node instanceof Map) {
      for (const [key, value] of node) {
        if (isName(key)) enter(value, path, key, found);
        else
          enter(
            value,
            path,
            '?',
            refusing(() => wrongKey(path, key)),
          );
      }
    } else if (node instanceof Set) {
      for (const member of node)
        enter(
          member,
          path,
          '?',
          refusing(() => hidden(path, 'a Set')),
        );
    } else if (isRecord(node)) enterAll(node, path, found);
    else refuseLayer(node, path);
  };

  const enter = (node: unknown, path: string, name: string | number, found: Visit<M>): void => {
    if (typeof node === 'object' && node !== null) search(node, path === '' ? `${name}` : `${path}.${name}`, found);
  };

  const enterAll = (node: object, path: string, found: Visit<M>): void => {
    const fields = node as Record<string, unknown>;
    for (const name of Object.keys(fields)) enter(fields[name], path, name, found);
  };

  /** An object of a class that is no `Module` is left alone, unless it holds what a model would have to train. */
  const refuseLayer = (node: object, path: string): void => {
    const isLayer = typeof (node as { forward?: unknown }).forward === 'function';
    for (const value of Object.values(node)) {
      if (typeof value !== 'object' || value === null) continue;
      if (isModule(value) || (isLayer && isTensor(value)))
        throw hidden(path, `an instance of ${node.constructor.name}`);
    }
  };

  search(root, '', visit);
  return seen;
}

/** A visit that only says what is wrong: a parameter was found in a place that has no path. */
function refusing<M>(error: () => OptionError): Visit<M> {
  return (found) => {
    if (!isTensor(found) || found.dtype === 'float32') throw error();
  };
}

function isName(key: unknown): key is string | number {
  return typeof key === 'string' || typeof key === 'number';
}

/** Made by `{}` or `Object.create(null)`, in this realm or another one. */
function isRecord(node: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function wrongKey(path: string, key: unknown): OptionError {
  return new OptionError({
    code: 'module/key',
    got: `the Map "${path}" has a key of type ${key === null ? 'null' : typeof key}`,
    expected: 'strings and numbers, which are parts of the paths of parameters',
    fix: 'use names as keys',
  });
}

function hidden(path: string, holder: string): OptionError {
  return new OptionError({
    code: 'module/hidden',
    got: `"${path}" is ${holder} with modules or tensors in it, whose parameters would not be found`,
    expected: 'tensors and modules in fields of modules, in arrays, plain records and Maps',
    fix: 'let the class extend Module, or use an array; what belongs to no parameter goes into a #private field',
  });
}
