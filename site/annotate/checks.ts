import { posix } from 'node:path';
import { type LawRow, lawRows, type NamedLaw } from './laws';
import type { Formula } from './marked';

/** A law, a row of a suite or a test that checks a formula. */
export interface Check {
  readonly file: string;
  readonly line: number;
  readonly title: string;
  /** The file under test, where it is one that uses the formula's. */
  readonly by?: string;
}

/** A name in the table that is not where it says; the build ends with it. */
export interface Broken {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** What the resolver reads of a repository. */
export interface Files {
  readonly files: readonly string[];
  has(path: string): boolean;
  text(path: string): string;
}

/** What a file with formulas has: names that tests may use for it. */
export interface Tested {
  readonly path: string;
  readonly exports: readonly string[];
  /** Files that import it, the nearest first. */
  readonly users?: readonly Tested[];
}

/** What of a formula decides which laws are about it. */
export type Asked = Pick<Formula, 'symbol' | 'source' | 'subject'>;

/** At most this many of one formula: a reader follows a few. */
const most = 10;

function distinct(checks: readonly Check[]): Check[] {
  const keys = checks.map(({ file, line }) => `${file}:${line}`);
  return checks.filter((_, i) => keys.indexOf(keys[i] as string) === i).slice(0, most);
}

export class Checks {
  readonly broken: Broken[] = [];
  private readonly tests = new Map<string, TestFile>();
  private readonly globs = new Map<string, readonly string[]>();

  constructor(
    private readonly project: Files,
    private readonly rows: readonly LawRow[] = lawRows,
  ) {
    for (const { laws = [], rows: files = [], families = {} } of rows) {
      for (const law of laws) this.named(law);
      for (const pattern of files) this.matching(pattern);
      for (const file of Object.values(families))
        if (!project.has(file)) this.missing(`${file} is no file`, 'the path of a law file');
    }
  }

  /** What checks a formula of a file: the laws first, then rows and tests. */
  of(subject: Tested, formula: Asked): Check[] {
    const { symbol, subject: about } = formula;
    if (about === 'work') return [];
    const { path, exports, users = [] } = subject;
    const own = symbol !== undefined && exports.includes(symbol) ? this.along(path, [symbol], formula) : [];
    const whole = own.length > 0 ? own : this.along(path, exports, formula);
    if (whole.length > 0) return distinct(whole);
    // What no test names is checked by way of what uses it.
    for (const user of users) {
      const found = this.along(user.path, user.exports, { ...formula, symbol: undefined });
      if (found.length > 0) return distinct(found).map((one) => ({ ...one, by: user.path }));
    }
    return [];
  }

  private along(path: string, names: readonly string[], { symbol, source, subject }: Asked): Check[] {
    return this.rows
      .filter(({ files, about = 'values' }) => about === subject && files.test(path))
      .flatMap(({ laws = [], rows = [], families }) => {
        const files = rows.flatMap((pattern) => this.matching(pattern));
        const places = files.flatMap((file) => this.place(file, names) ?? []);
        const owed = places.length > 0 ? laws.filter(({ of }) => of === undefined || of.test(source)) : [];
        const family = families ? this.ofFamily(families, path, symbol, names) : [];
        return [...owed.flatMap((law) => this.named(law) ?? []), ...family, ...places];
      });
  }

  private named({ file, name }: NamedLaw): Check | undefined {
    if (!this.project.has(file)) return this.missing(`${file} is no file`, 'the path of a law file');
    const line = this.read(file).lines.findIndex((text) => text.includes(`'${name}'`)) + 1;
    if (line > 0) return { file, line, title: name };
    return this.missing(`${file} has no law named '${name}'`, `one of ${namesIn(this.project.text(file)).join(', ')}`);
  }

  private missing(got: string, expected: string): undefined {
    const message = `${got}; expected ${expected}. Fix: name it in site/annotate/laws.ts as it stands in its file`;
    if (!this.broken.some((one) => one.message === message))
      this.broken.push({ path: 'site/annotate/laws.ts', line: 1, message });
    return undefined;
  }

  private matching(pattern: string): readonly string[] {
    const given = this.globs.get(pattern);
    if (given) return given;
    const matches = globbed(pattern);
    const files = this.project.files.filter((file) => matches.test(file));
    if (files.length === 0) this.missing(`${pattern} matches no file`, 'the path of a test or a pattern of paths');
    this.globs.set(pattern, files);
    return files;
  }

  /** Where a file names one of these first, in a row or a test, and not only among its imports. */
  private place(file: string, names: readonly string[]): Check | undefined {
    const { lines, from, words } = this.read(file);
    const known = names.filter((name) => name.split(/\W+/).every((part) => words.has(part)));
    if (known.length === 0) return undefined;
    const word = new RegExp(`(?<![\\w$])(?:${known.join('|')})(?![\\w$])`);
    const quoted = new RegExp(`['"\`](?:${known.join('|')})['"\`:, ]`);
    const candidates = lines.flatMap((text, i) =>
      i >= from && word.test(text) && !/^\s*(?:\/\/|\*|\/\*)/.test(text) ? [{ text, i }] : [],
    );
    const best = candidates.find(({ text }) => quoted.test(text)) ?? candidates[0];
    if (!best) return undefined;
    const { i, title } = titleOf(lines, best.i, known);
    return { file, line: i + 1, title };
  }

  /** Laws of the family of a kernel that try the function of the formula, or else the family itself. */
  private ofFamily(
    families: Readonly<Record<string, string>>,
    path: string,
    symbol: string | undefined,
    exports: readonly string[],
  ): Check[] {
    const stem = posix.basename(path, '.ts');
    const one = families[stem];
    const contract = path.endsWith('/contract.ts');
    const candidates = one !== undefined ? [one] : contract ? [...new Set(Object.values(families))] : [];
    const names = (symbol === undefined ? exports : [symbol]).map((name) =>
      name.replace(/^[A-Z]/, (c) => c.toLowerCase()),
    );
    const tried = new RegExp(`(?<!\\w)(?:${names.join('|')})(?!\\w)`);
    const own = candidates.flatMap((file) => this.lawsIn(file).filter(({ body }) => tried.test(body)));
    if (own.length > 0) return own.slice(0, 4).map(({ file, line, title }) => ({ file, line, title }));
    const [first] = one === undefined ? [] : this.lawsIn(one);
    return first
      ? [{ file: first.file, line: first.line, title: `all laws of ${posix.basename(first.file, '.ts')}` }]
      : [];
  }

  private lawsIn(file: string): (Check & { body: string })[] {
    if (!this.project.has(file)) return [];
    const text = this.project.text(file);
    const starts = Array.from(text.matchAll(/\b(?:randomLaw|law)\(\s*(['`])(.+?)\1/g));
    return starts.map((match, i) => ({
      file,
      line: text.slice(0, match.index + match[0].indexOf(match[1] as string)).split('\n').length,
      title: (match[2] as string).replaceAll(/\$\{[^}]*\}/g, '…'),
      body: text.slice(match.index, starts[i + 1]?.index ?? text.length),
    }));
  }

  private read(file: string): TestFile {
    const given = this.tests.get(file);
    if (given) return given;
    const lines = this.project.text(file).split('\n');
    const read = { lines, from: lastImport(lines), words: new Set(lines.join('\n').match(/[\w$]+/g)) };
    this.tests.set(file, read);
    return read;
  }
}

interface TestFile {
  readonly lines: readonly string[];
  /** The first line behind the imports. */
  readonly from: number;
  readonly words: ReadonlySet<string>;
}

function namesIn(text: string): string[] {
  return Array.from(text.matchAll(/\b(?:name: |opLaw\()'([^']+)'/g), ([, name]) => `'${name}'`);
}

function lastImport(lines: readonly string[]): number {
  let last = 0;
  for (const [i, line] of lines.entries()) if (/^(?:import .*|\} )from ['"]/.test(line)) last = i + 1;
  return last;
}

/** The title of the test around a line, or of the row on it. */
function titleOf(lines: readonly string[], at: number, names: readonly string[]): { i: number; title: string } {
  const line = lines[at] as string;
  const own =
    /(?:^|[\s({,])(?:name: |row\(|elementwise\(|broadcasting\(|layer\(|reducing\(|it\(|describe\()?(['`])([^'`]+)\1/.exec(
      line,
    )?.[2];
  if (own !== undefined && names.some((name) => own.startsWith(name))) return { i: at, title: `row ${own}` };
  for (let i = at; i >= 0; i--) {
    const test = /^\s*(?:it|test|describe)(?:\.\w+(?:\([^)]*\))?)?\(\s*(['`])(.+?)\1/.exec(lines[i] as string)?.[2];
    if (test !== undefined) return { i, title: test.replaceAll(/\$\{[^}]*\}/g, '…') };
  }
  return { i: at, title: `row ${names.find((name) => line.includes(name)) ?? ''}` };
}

/** `*` stands for a name, `**` for any folders, braces for a choice. */
function globbed(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^$()|[\]\\]/g, '\\$&')
    .replaceAll(/\{([^}]*)\}/g, (_, choice: string) => `(?:${choice.replaceAll(',', '|')})`)
    .replaceAll('**/', '\uE000')
    .replaceAll('*', '[^/]*')
    .replaceAll('\uE000', '(?:.*/)?');
  return new RegExp(`^${source}$`);
}
