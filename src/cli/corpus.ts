import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FileError } from '../index';
import { corpora, corpusPlace, isCorpusName, namedText } from '../node/corpus';
import { reason } from '../node/write';
import { checkFile, type NamedPath, namedPath } from './files';

/** A text to learn from. */
export interface Corpus {
  readonly name: string;
  readonly text: string;
}

/**
 * The text of `--data NAME|FILE`.
 * @throws FileError `data/missing`, `data/read`, `data/empty`, `data/encoding`
 */
export async function loadCorpus(data: string, cwd: string): Promise<Corpus> {
  const text = isCorpusName(data) ? await namedText(data, cwd, `--data ${data}`) : await textFile(data, cwd);
  return { name: data, text };
}

/** The file that `--data` speaks of, unless it is a name. */
export function textPath(data: string, cwd: string): NamedPath | undefined {
  return isCorpusName(data) ? undefined : namedPath('data', data, cwd);
}

/** The named texts, and where each lies on this machine; `null` where it is not installed. */
export function corporaHere(cwd: string): Readonly<Record<string, string | null>> {
  return Object.fromEntries(corpora.map((name) => [name, corpusPlace(name, cwd)]));
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

/** A string of JavaScript has room for no more than twice as much. */
const mostBytes = 2 ** 28;

function unreadable(path: string, cause: unknown): FileError {
  const got = cause instanceof FileError ? cause.got : `cannot read ${path}: ${reason(cause)}`;
  return fileError('data/read', got, `a text file, or one of ${corpora.join(', ')}`, cause);
}

function fileError(code: string, got: string, expected: string, cause?: unknown): FileError {
  return new FileError({ code, got, expected, fix: 'pass another --data' }, { cause });
}
