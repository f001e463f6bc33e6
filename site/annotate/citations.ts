import { papers as allPapers, type Paper, software } from './papers';

/** A citation that leads nowhere. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** What a citation may name. */
export interface Library {
  has(path: string): boolean;
  hasFolder(path: string): boolean;
  readonly files: readonly string[];
  text(path: string): string;
  /** Codes with a heading in `docs/errors.md`. */
  readonly errorCodes: ReadonlySet<string>;
  /** Names that the repository exports. */
  readonly names: ReadonlySet<string>;
  readonly papers: readonly Paper[];
}

export interface Citation {
  readonly paper: Paper;
  /** The words of the comment to make a link of. */
  readonly words: string;
}

/** The text of a comment and where it begins. */
export interface Cited {
  readonly path: string;
  readonly line: number;
  readonly words: string;
}

const extensions = 'ts|mjs|md|py';
const address = /https?:\/\/\S+/g;
const inFolder = /(?<![\w/.@-])(?:src|kernels|docs|test|examples|bench|scripts|site)\/[\w./*{}-]+/g;
const bareName = new RegExp(`\`((?:[\\w-]+/)*[\\w.-]+\\.(?:${extensions}))\``, 'g');
const inFile = new RegExp(`\`(\\w+)\` (?:in|of|from) \`([\\w./-]+\\.(?:${extensions}))\``, 'g');
/** A name of an example, not of a file. */
const invented = /[A-Z]{3,}|[*{}]|^\.\/|mine\./;

/** How many citations a comment has, and which of them are broken. */
export function checkCitations(cited: Cited, library: Library): { count: number; problems: Problem[] } {
  const words = cited.words.replaceAll(address, (found) => ' '.repeat(found.length));
  const found: { at: number; message: string | undefined }[] = [];
  for (const { 0: path, index } of words.matchAll(inFolder))
    found.push({ at: index, message: pathProblem(path, library) });
  for (const { 1: name = '', index } of words.matchAll(bareName)) {
    if (!new RegExp(`^${inFolder.source}`).test(name))
      found.push({ at: index, message: nameProblem(name, cited.path, library) });
  }
  for (const { 1: name = '', 2: file = '', index } of words.matchAll(inFile)) {
    found.push({ at: index, message: memberProblem(name, file, cited.path, library) });
  }
  for (const { 1: name = '', index } of words.matchAll(/\{@link (\w+)/g)) {
    found.push({
      at: index,
      message: library.names.has(name)
        ? undefined
        : `{@link ${name}} names nothing that is exported; expected a name of src`,
    });
  }
  for (const { 0: named, index } of words.matchAll(/\bdecisions? \d{4}(?:(?:,| and) \d{4})*/g)) {
    for (const id of named.match(/\d{4}/g) ?? []) {
      const known = library.files.some((path) => path.startsWith(`docs/decisions/${id}-`));
      found.push({
        at: index,
        message: known ? undefined : `decision ${id} has no record; expected one in docs/decisions`,
      });
    }
  }
  for (const { 0: record, index } of words.matchAll(/\(D\d+\)/g)) {
    found.push({ at: index, message: `${record} is no record here; expected a path in docs/decisions` });
  }
  for (const { at, code } of codesIn(words)) found.push({ at, message: codeProblem(code, library) });
  for (const { at, text } of seesIn(cited.words))
    found.push(...papersOf(text, library).map((one) => ({ at, message: one.problem })));
  for (const { 1: id = '', index } of words.matchAll(/arXiv\s+([\w-]+\/\d{7}|\d{4}\.\d{4,5})/g)) {
    const known = library.papers.some(({ arxiv }) => arxiv === id);
    found.push({
      at: index,
      message: known
        ? undefined
        : `arXiv ${id} is no paper of the bibliography; expected a row in site/annotate/papers.ts`,
    });
  }
  const problems = found.flatMap(({ at, message }) =>
    message === undefined
      ? []
      : [{ path: cited.path, line: cited.line + words.slice(0, at).split('\n').length - 1, message }],
  );
  return { count: found.length, problems };
}

function pathProblem(given: string, library: Library): string | undefined {
  const path = given.replace(/[.,:;]+$/, '');
  if (invented.test(path) || path.startsWith('src/transformers')) return undefined;
  const there = library.has(path) || library.hasFolder(path) || library.has(`${path}.ts`) || generated.test(path);
  return there ? undefined : `${path} is no file or folder; expected a path such as ${nearest(path, library.files)}`;
}

/** Made by the build, and not tracked. */
const generated = /\/(?:generated|dist|node_modules)(?:\/|$)/;

/** A file named without its folder is one beside, or one whose path ends so. */
function nameProblem(name: string, from: string, library: Library): string | undefined {
  if (invented.test(name) || fileFor(name, from, library) !== undefined) return undefined;
  return `\`${name}\` is no file here; expected a name such as ${nearest(name, library.files)}`;
}

/** The file that a name in a comment means: as a path, beside the file, in its folders, or anywhere. */
export function fileFor(name: string, from: string, library: Pick<Library, 'has' | 'files'>): string | undefined {
  const folder = from.slice(0, from.lastIndexOf('/') + 1);
  const above = folder.split('/').map((_, i, parts) => parts.slice(0, parts.length - i).join('/'));
  const beside = [name, ...above.map((one) => `${one}/${name}`.replaceAll('//', '/'))].find((path) =>
    library.has(path),
  );
  const elsewhere = library.files.filter((path) => path.endsWith(`/${name}`));
  return (
    beside ??
    elsewhere.find((path) => path.startsWith(folder)) ??
    elsewhere.find((path) => path.startsWith('src/')) ??
    elsewhere[0]
  );
}

function memberProblem(name: string, file: string, from: string, library: Library): string | undefined {
  const path = fileFor(file, from, library);
  if (path === undefined || new RegExp(`\\b${name}\\b`).test(library.text(path))) return undefined;
  return `\`${name}\` is not in ${path}; expected a name that stands there`;
}

/** Codes of errors behind @throws. */
function codesIn(words: string): { at: number; code: string }[] {
  return Array.from(words.matchAll(/@throws([\s\S]*?)(?=\n@|$(?![\s\S]))/g)).flatMap(({ 1: text = '', index }) =>
    Array.from(text.matchAll(/`([a-z0-9-]+\/[a-z0-9-…*]+)`/g), (code) => ({ at: index, code: code[1] as string })),
  );
}

function codeProblem(code: string, { errorCodes }: Library): string | undefined {
  const family = /^(.*\/)[…*]$/.exec(code)?.[1];
  const known = family === undefined ? errorCodes.has(code) : [...errorCodes].some((one) => one.startsWith(family));
  return known
    ? undefined
    : `the error code ${code} has no heading in docs/errors.md; expected one such as ${nearest(code, [...errorCodes])}`;
}

function seesIn(words: string): { at: number; text: string }[] {
  return Array.from(words.matchAll(/@see([\s\S]*?)(?=\n@\w|$(?![\s\S]))/g), ({ 1: text = '', index }) => ({
    at: index,
    text,
  }));
}

interface Read {
  readonly citation?: Citation;
  readonly problem?: string | undefined;
}

/** The papers of a @see, part by part: each part names one by its number, its title or its name, or something else. */
export function papersOf(see: string, library: Pick<Library, 'papers' | 'names'> & Partial<Library>): Read[] {
  const parts = see.replaceAll(/\s+/g, ' ').split(/;(?![^"]*"(?:[^"]*"[^"]*")*[^"]*$)/);
  // What follows a full stop and begins a sentence is a remark.
  return parts.flatMap((part) => readPart(part.trim().replace(/(?<=[a-z\d]{3})\. [A-Z][^"]*$/, ''), library));
}

function readPart(part: string, library: Pick<Library, 'papers' | 'names'> & Partial<Library>): Read[] {
  const ids = Array.from(part.matchAll(/arXiv ([\w-]+\/\d{7}|\d{4}\.\d{4,5})/g));
  if (ids.length > 0)
    return ids.map(({ 0: words, 1: id = '' }) => byNumber(part, words, id, library.papers, ids.length > 1));
  const quoted = /"([^"]+)"/.exec(part)?.[1];
  if (quoted !== undefined) {
    const paper = library.papers.find((one) => isTitle(quoted, one));
    if (paper) return [{ citation: { paper, words: quoted }, problem: disagreement(part, paper) }];
    return [{ problem: `"${quoted}" is no paper of the bibliography; expected a title of site/annotate/papers.ts` }];
  }
  const named = library.papers
    .flatMap((paper) => paper.names.map((name) => ({ paper, name })))
    .find(({ name }) => part.startsWith(name));
  if (named) return [{ citation: { paper: named.paper, words: named.name }, problem: disagreement(part, named.paper) }];
  if (software.test(part) || part.includes('`')) return [];
  if (library.names.has(/^[\w.]+/.exec(part)?.[0].replace(/^.*\./, '') ?? '')) return [];
  return [
    {
      problem: `"@see ${part}" is no paper of the bibliography, no name that is exported and no address; expected one of these`,
    },
  ];
}

function byNumber(part: string, words: string, id: string, papers: readonly Paper[], several: boolean): Read {
  const paper = papers.find(({ arxiv }) => arxiv === id);
  if (!paper) return {}; // said of every number, also outside of @see
  const quoted = /"([^"]+)"/.exec(part)?.[1];
  if (quoted !== undefined && !several && !isTitle(quoted, paper)) {
    return { problem: `"${quoted}" is not the title of arXiv ${id}; expected "${paper.title}"` };
  }
  return { citation: { paper, words }, problem: several ? undefined : disagreement(part, paper) };
}

function isTitle(quoted: string, { title, names }: Paper): boolean {
  return [title, ...names].some((one) => one.toLowerCase() === quoted.toLowerCase().replace(/[.,]$/, ''));
}

/** A year or an author that is not the paper's. */
function disagreement(part: string, { key, authors, published }: Paper): string | undefined {
  const place = /\b((?:ICML|ICLR|NeurIPS|EMNLP|CVPR|MLSys|SC|EUSIPCO|Interspeech) \d{4})\b/.exec(part)?.[1];
  if (place !== undefined && place !== published)
    return `${place} is not where ${key} was published; expected ${published}`;
  const first = /^\(?([A-Z][\p{L}'-]+)(?:,| and | et al\.)/u.exec(part)?.[1];
  const own = authors !== '' && first !== undefined && part.includes('"');
  if (own && !authors.includes(first)) return `${first} is no author of ${key}; expected ${authors}`;
  return undefined;
}

/** The one of `known` that shares most of its letters in a row. */
export function nearest(given: string, known: readonly string[]): string {
  const pairs = (text: string): Set<string> => new Set(Array.from(text.slice(1), (c, i) => `${text[i]}${c}`));
  const own = pairs(given);
  let [best, most] = ['', -1];
  for (const one of known) {
    const other = pairs(one);
    const shared = [...own].filter((pair) => other.has(pair)).length / Math.sqrt(other.size + 1);
    if (shared > most) [best, most] = [one, shared];
  }
  return best;
}

export const bibliography = allPapers;
