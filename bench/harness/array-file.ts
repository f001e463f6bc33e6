import { readFileSync, writeFileSync } from 'node:fs';
import type { Arrays, Task } from '../contestant';

// A task and its arrays in two files: PATH.json says what PATH.bin holds, 4 bytes an element, little-endian.

interface Entry {
  readonly name: string;
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
  /** Size in bytes. */
  readonly offset: number;
}

export function writeArrays(path: string, task: Task, arrays: Arrays): void {
  let offset = 0;
  const entries: Entry[] = [];
  const parts: Uint8Array[] = [];
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    const dtype = values instanceof Int32Array ? 'int32' : 'float32';
    entries.push({ name, dtype, shape, offset });
    parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    offset += values.byteLength;
  }
  writeFileSync(`${path}.bin`, Buffer.concat(parts));
  writeFileSync(`${path}.json`, JSON.stringify({ task, entries }));
}

export function readArrays(path: string): { task: Task; arrays: Arrays } {
  const { task, entries } = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as { task: Task; entries: Entry[] };
  const { buffer, byteOffset } = readFileSync(`${path}.bin`);
  const arrays = entries.map(({ name, dtype, shape, offset }) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const bytes = buffer.slice(byteOffset + offset, byteOffset + offset + 4 * size); // own memory, aligned
    return [name, { shape, values: dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes) }] as const;
  });
  return { task, arrays: Object.fromEntries(arrays) };
}
