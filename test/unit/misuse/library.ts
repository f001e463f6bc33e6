// The entries as users see them, and a few makers of valid arguments.

import * as deprecated from '../../../src/deprecated';
import type { Tensor } from '../../../src/index';
import * as all from '../../../src/index';

export { Linear, ones, random, scope, type Tensor, tensor } from '../../../src/index';

export function int32(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return all.tensor(values, { shape, dtype: 'int32' });
}

/** An old name is the same function, whose errors have the new one. */
const core = Object.fromEntries(Object.entries<unknown>(all).filter(([name]) => !(name in deprecated)));

/** Doors of the package, by the name that rows put before an export whose name an earlier door has. */
const entries = {
  core,
  study: await import('../../../src/study'),
  laws: await import('../../../src/laws'),
  node: await import('../../../src/node'),
  gpu: await import('../../../src/gpu'),
  mpi: await import('../../../src/mpi'),
} as const satisfies Record<string, object>;

/** Everything public that can be called: functions, members of namespaces, classes (`new X`) and methods (`X.method`). */
export function callables(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [door, exports] of Object.entries(entries)) {
    for (const [name, value] of Object.entries(exports))
      for (const [key, f] of membersOf(name, value)) found.set(found.has(key) ? `${door}.${key}` : key, f);
  }
  return found;
}

function membersOf(name: string, value: unknown): [string, unknown][] {
  if (isClass(value)) {
    const methods = Object.entries(Object.getOwnPropertyDescriptors(value.prototype))
      .filter(([key, { value: method }]) => !byLanguage.includes(key) && typeof method === 'function')
      .map(([key, { value: method }]): [string, unknown] => [`${name}.${key}`, method]);
    return [[`new ${name}`, value], ...methods];
  }
  if (typeof value === 'function') return [[name, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]): [string, unknown][] =>
    typeof member === 'function' ? [[`${name}.${key}`, member]] : objectMembers(`${name}.${key}`, member),
  );
}

/** Methods of objects in a namespace: those of `projectors.gaussian`. */
function objectMembers(name: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([, member]) => typeof member === 'function')
    .map(([key, member]) => [`${name}.${key}`, member]);
}

/** Called by the language with arguments of its own. */
const byLanguage = ['constructor', 'toString', 'toJSON'];

function isClass(value: unknown): value is { prototype: object } {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}
