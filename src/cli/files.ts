import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { FileError, OptionError } from '../index';
import { reading } from '../node/write';

/** A file or folder of a command line. */
export interface NamedPath {
  /** The words that asked for it: `--report a.html`. */
  readonly words: string;
  readonly path: string;
}

/** The path that `--name words` speaks of; undefined without words. */
export function namedPath(name: string, words: string | undefined, cwd: string): NamedPath | undefined {
  return words === undefined || words === '-' ? undefined : { words: `--${name} ${words}`, path: resolve(cwd, words) };
}

/**
 * Refuse to write two things into one place, or over what is read. Places are compared after links are followed; one
 * inside the other is the same fault, since a file cannot be a folder.
 * @throws OptionError `cli/same-file`
 */
export async function checkApart(
  outputs: readonly (NamedPath | undefined)[],
  inputs: readonly (NamedPath | undefined)[],
): Promise<void> {
  const placed = async (list: typeof outputs) =>
    Promise.all(
      list.filter((one) => one !== undefined).map(async ({ words, path }) => ({ words, place: await placeOf(path) })),
    );
  const written = await placed(outputs);
  const others = [...written, ...(await placed(inputs))];
  for (const [i, one] of written.entries()) {
    for (const other of others.slice(i + 1)) {
      if (one.place === other.place || isInside(one.place, other.place) || isInside(other.place, one.place)) {
        throw sameFile(one.words, other.words, one.place);
      }
    }
  }
}

/** Where a path leads after all links, also where nothing is there yet. */
export async function placeOf(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const target = await readlink(path).catch(() => null);
    if (target !== null && links < 40) return placeOf(resolve(dirname(path), target), links + 1);
    const folder = dirname(path);
    return folder === path ? path : join(await placeOf(folder, links), basename(path));
  }
}

/**
 * Read a file that has an end: what is no file, such as a pipe, might never give one.
 * @param most bytes
 * @throws FileError `file/read`
 */
export async function checkFile(path: string, most: number): Promise<void> {
  const { size, ...found } = await reading(path, async () => {
    const stats = await stat(path);
    return { size: stats.size, folder: stats.isDirectory(), file: stats.isFile() };
  });
  if (found.folder) throw unreadable(path, 'it is a directory', 'a file');
  if (!found.file) throw unreadable(path, 'it is a pipe or a device, which may have no end', 'an ordinary file');
  if (size > most) throw unreadable(path, `it has ${size} bytes`, `at most ${most}`);
}

const isInside = (inner: string, outer: string): boolean => inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);

function unreadable(path: string, why: string, expected: string): FileError {
  return new FileError({
    code: 'file/read',
    got: `cannot read ${path}: ${why}`,
    expected,
    fix: 'copy what is to be read into an ordinary file',
  });
}

function sameFile(one: string, other: string, place: string): OptionError {
  return new OptionError({
    code: 'cli/same-file',
    got: `${one} and ${other} are one place, ${place}`,
    expected: 'a place of its own for everything that is written, and none that is read',
    fix: 'give one of them another name',
  });
}
