import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { docExamples } from './doc-examples';
import { runScript, runScripts } from './run-script';

/** A fenced block of a page, with the fence that follows it directly. */
interface Block {
  readonly name: string;
  readonly language: string;
  readonly text: string;
  readonly next: Block | null;
}

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdown('docs'), ...markdown('src')].concat(
  ['kernels', 'test', 'bench', 'examples', 'lessons'].map((room) => `${room}/README.md`),
);
const guides = pages.filter((page) => page === 'README.md' || page.startsWith('docs/'));

function markdown(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md'))
    .sort();
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  let next: { block: Block; start: number } | null = null;
  const blocks: Block[] = [];
  for (const match of [...text.matchAll(/^```(\S.*)\n([\s\S]*?)^```$/gm)].reverse()) {
    const [whole, language, body] = match as unknown as [string, string, string];
    const end = match.index + whole.length;
    const adjacent = next && text.slice(end, next.start).trim() === '' ? next.block : null;
    const name = `${page}:${text.slice(0, match.index).split('\n').length}`;
    const block: Block = { name, language, text: body, next: adjacent };
    blocks.unshift(block);
    next = { block, start: match.index };
  }
  return blocks;
}

/** What the compiler says about programs that import the library by its names, under the settings of this repository. */
function typeErrors(programs: readonly Block[], settings: ts.CompilerOptions = {}): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, resolve('.'));
  const names = ['study', 'laws', 'gpu', 'mpi', 'node'];
  const doors = { floragrad: 'index', ...Object.fromEntries(names.map((name) => [`floragrad/${name}`, name])) };
  const paths = Object.fromEntries(Object.entries(doors).map(([name, file]) => [name, [resolve(`src/${file}.ts`)]]));
  const texts = new Map(programs.map(({ name, text }) => [resolve(`${name.replace(/\W/g, '-')}.ts`), text]));
  const host = ts.createCompilerHost({ ...options, paths });
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => texts.has(file) || fileExists(file);
  host.readFile = (file) => texts.get(file) ?? readFile(file);
  host.getSourceFile = (file, target) => {
    const text = texts.get(file);
    return text === undefined ? getSourceFile(file, target) : ts.createSourceFile(file, text, target);
  };
  const program = ts.createProgram([...texts.keys()], { ...options, paths, ...settings }, host);
  return [...texts.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(
      ({ messageText }) => `${posix.basename(file)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}

/** What a block says that it prints: its comments `// prints …`, or else the text block after it. */
function promised({ text, next }: Block): string[] | null {
  const comments = [...text.matchAll(/\/\/ prints (.+)$/gm)].map(([, line]) => line as string);
  if (comments.length > 0) return comments;
  return next?.language === 'text' ? next.text.trimEnd().split('\n') : null;
}

describe('code in the documentation', () => {
  const blocks = guides.flatMap(blocksOf);
  const programs = blocks.filter(({ language }) => language === 'ts');

  it('is there, and every block of TypeScript either runs or says that it does not', () => {
    expect(programs.length).toBeGreaterThan(3);
    const languages = new Set(blocks.map(({ language }) => language));
    expect([...languages].filter((language) => !['ts', 'ts no-run', 'text', 'sh'].includes(language))).toEqual([]);
  });

  it('has the types that it shows, and imports what it uses', () =>
    expect(typeErrors(programs, { noUnusedLocals: true })).toEqual([]));

  // Those of the methods are generated, and touch nothing but their own tensors: one Node runs them all.
  const generated = (block: Block): boolean => block.name.startsWith('docs/methods.md');
  const alone = programs.filter((block) => !generated(block));
  it.concurrent.each(alone.map((block) => [block.name, block] as const))('%s runs', async (_, block) => {
    const lines = await runScript({ code: block.text });
    const expected = promised(block);
    if (expected) expect(lines).toEqual(expected);
  });
  it('the examples of all methods run, and print nothing', async () => {
    const together = programs.filter(generated);
    expect(together.length).toBeGreaterThan(20);
    const lines = await runScripts(together.map(({ text }) => text));
    expect(lines.filter(([first, ...more]) => first !== '' || more.length > 0)).toEqual([]);
  });
});

describe('examples in doc comments', async () => {
  const programs = (await docExamples()).map((example): Block => ({ ...example, language: 'ts', next: null }));

  it('are there, and have the types that they show', () => {
    expect(programs.length).toBeGreaterThan(9);
    expect(typeErrors(programs)).toEqual([]);
  });

  let lines: string[][];
  beforeAll(async () => {
    lines = await runScripts(programs.map(({ text }) => text));
  }, 60_000);
  it.each(programs.map((block, i) => [block.name, block, i] as const))('%s runs', (_, block, i) => {
    expect(lines[i]).toEqual(promised(block) ?? ['']);
  });
});

describe('pages', () => {
  it.each(pages)('%s: links and the paths it names lead somewhere', (page) => {
    const text = readFileSync(page, 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
    const relative = links.filter((target) => !/^[a-z]+:/.test(target));
    const broken = relative.filter((target) => !existsSync(posix.join(posix.dirname(page), target)));
    const named = [...text.matchAll(/`((?:src|test|kernels|docs|bench|examples|scripts)\/[\w./-]*)`/g)];
    const missing = named
      .map(([, path]) => path as string)
      .filter((path) => !/NAME|FAMILY/.test(path) && !existsSync(path));
    expect([...broken, ...missing]).toEqual([]);
  });

  it('every room has a README of at most 20 lines', () => {
    const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const readmes = [
      ...rooms.map(({ name }) => `src/${name}/README.md`),
      ...pages.filter((page) => /^(?!docs).*\/README\.md$/.test(page)),
    ];
    for (const page of readmes) {
      expect(existsSync(page), page).toBe(true);
      expect(readFileSync(page, 'utf8').trimEnd().split('\n').length, page).toBeLessThanOrEqual(20);
    }
  });

  it('every decision record is in the index', () => {
    const index = readFileSync('docs/decisions/README.md', 'utf8');
    const records = readdirSync('docs/decisions').filter((file) => /^\d{4}-/.test(file));
    expect(records.filter((file) => !index.includes(`](${file})`))).toEqual([]);
  });

  it('the changelog has an entry for the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const headings = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## \[(.+?)\]/gm)].map(([, name]) => name);
    expect(headings[0]).toBe('Unreleased');
    expect(headings).toContain(version);
  });
});
