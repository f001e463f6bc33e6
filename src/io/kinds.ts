import { callable, either, isPlainObject, type Kind, kindOf, listOf, string } from '../base/options';

// What the readers and writers of files take. They check it in the name of the function that was called.

/** The bytes of a file. */
export const bytesKind: Kind<Uint8Array> = {
  ...kindOf<Uint8Array>('the bytes of a file, a Uint8Array', isBytes),
  fix: (value) => {
    if (value instanceof ArrayBuffer) return 'write new Uint8Array(buffer)';
    return 'pass new Uint8Array(await response.arrayBuffer()), or in Node what readFile returns';
  },
};

/** Also of another realm, as in a test's page; Node's Buffer is one. */
function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/** Strings about the tensors of a file. */
export const metadataKind: Kind<Readonly<Record<string, string>>> = kindOf(
  'a record of strings',
  (value) => isPlainObject(value) && Object.values(value).every((text) => typeof text === 'string'),
);

const rule = kindOf<readonly [pattern: string | RegExp, replacement: string | null]>(
  'a rule [pattern, replacement]',
  (value) => {
    if (!Array.isArray(value) || value.length !== 2) return false;
    const [pattern, replacement] = value as readonly unknown[];
    return (
      (typeof pattern === 'string' || pattern instanceof RegExp) &&
      (typeof replacement === 'string' || replacement === null)
    );
  },
);

/** How paths are renamed. */
export const nameMapKind = either(listOf(rule), callable<(path: string) => string | null>('of a path'));

/** What a function of paths may answer. */
export const newNameKind = either(
  string,
  kindOf<null>('null to leave the tensor out', (value) => value === null),
);

/** Numbers by path. */
export const numbersKind: Kind<Readonly<Record<string, number>>> = kindOf(
  'a record of numbers',
  (value) => isPlainObject(value) && Object.values(value).every(Number.isFinite),
);
