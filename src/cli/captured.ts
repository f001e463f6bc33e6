import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeSafetensors, FileError, safetensorsMetadata } from '../index';
import { reading } from '../node/write';
import type { StudiedGradient } from '../study';
import { checkFile } from './files';

/** What says that a safetensors file holds gradients of a training. */
export const capturedKind = 'gradients captured by floragrad';

/** The name of a gradient in such a file: its parameter and its step, from 0. */
export const capturedName = (path: string, step: number): string => `${path}@${step}`;

/**
 * The matrices among the gradients in a file that `train --capture` wrote, in the order of its names.
 * @throws FileError `file/read`, `safetensors/…`, `captured/kind`, `captured/values`
 */
export async function loadCaptured(
  file: string,
  cwd: string,
  wanted: (path: string) => boolean,
): Promise<StudiedGradient[]> {
  const path = resolve(cwd, file);
  await checkFile(path, 2 ** 31 - 1);
  const bytes = await reading(path, () => readFile(path));
  const isCaptured = safetensorsMetadata(bytes).kind === capturedKind;
  const matrices = Object.entries(isCaptured ? decodeSafetensors(bytes) : {}).filter(
    ([name, { ndim, size }]) => ndim === 2 && size > 0 && wanted(partsOf(name).path),
  );
  if (matrices.length === 0) throw noGradients(path, isCaptured);
  for (const [name, gradient] of matrices) {
    const bad = (await gradient.data()).find((x) => !Number.isFinite(x));
    if (bad !== undefined) throw notFinite(path, name, bad);
  }
  return matrices.map(([name, gradient]) => ({ name, gradient, ...partsOf(name) }));
}

/** What `capturedName` put together. */
function partsOf(name: string): { readonly path: string; readonly step: number } {
  const at = name.lastIndexOf('@');
  return { path: name.slice(0, at), step: Number(name.slice(at + 1)) };
}

function noGradients(path: string, isCaptured: boolean): FileError {
  return new FileError({
    code: 'captured/kind',
    got: isCaptured ? `${path} has no matrix of the wanted parameters` : `${path} is no file of captured gradients`,
    expected: 'a file that floragrad train --capture wrote, with gradients of matrices that --parameters names',
    fix: 'capture again, or pass another --parameters',
  });
}

function notFinite(path: string, name: string, value: number): FileError {
  return new FileError({
    code: 'captured/values',
    got: `${path} has ${value} in ${name}`,
    expected: 'finite numbers',
    fix: 'capture the gradients again',
  });
}
