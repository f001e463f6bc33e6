import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { embed, type PlacedFigures } from '../figures/write-figures';
import { anchorsOf, holdTogether, plain } from './anchors';
import { type Document, documentsOf, lessonPage, titleOf } from './documents';
import { fillHome } from './home';
import { type Clone, rewriteLinks } from './links';
import { type Entry, sidebarsOf } from './sidebar';

/** Tables of these are wider than a column of text. */
const wide = /^docs\/(adapters|methods|benchmarks|compatibility|mutations)\.md$/;

/** Every file of the clone that may be a document, by its path. */
function filesOf(root: string): string[] {
  const folders = ['docs', 'test', 'bench', 'examples', 'lessons', 'site'].filter((folder) =>
    existsSync(`${root}/${folder}`),
  );
  const inside = folders.flatMap((folder) => walk(root, folder));
  return [...readdirSync(root).filter((name) => name.endsWith('.md')), ...inside];
}

function walk(root: string, folder: string): string[] {
  return readdirSync(`${root}/${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(node_modules|dist|\..*)$/.test(entry.name) ? [] : walk(root, path);
    return /\.(md|ts)$/.test(entry.name) ? [path] : [];
  });
}

/** What is asked of the clone by links, read once. */
function cloneAt(root: string, source: string, documents: readonly Document[]): Clone {
  const pages = new Map(documents.map(({ path, page }) => [path, `/${page}`]));
  const anchors = new Map<string, ReadonlyMap<string, string>>();
  return {
    kindOf: (path) => {
      const found = statSync(`${root}/${path}`, { throwIfNoEntry: false });
      return found ? (found.isDirectory() ? 'folder' : 'file') : null;
    },
    pageOf: (path) => pages.get(path) ?? pages.get(`${path}/README.md`) ?? null,
    sourceOf: (path) => {
      if (existsSync(`${source}/${path}.html`)) return `/source/${path}.html`;
      return existsSync(`${source}/${path}/index.html`) ? `/source/${path}/` : null;
    },
    anchorsOf: (path) => {
      const known = anchors.get(path) ?? anchorsOf(readFileSync(`${root}/${path}`, 'utf8'));
      anchors.set(path, known);
      return known;
    },
  };
}

/** What was written. */
export interface Content {
  readonly documents: number;
  /** By the beginnings of addresses. */
  readonly sidebar: Readonly<Record<string, readonly Entry[]>>;
}

/**
 * Every document of the clone as a page in `out`, with figures, and links that lead to pages: also to those of the annotated
 * source in the folder `source`.
 * @throws Error every link and path that leads nowhere, with file and line
 */
export function writeContent(root: string, source: string, out: string, figures: PlacedFigures): Content {
  const documents = documentsOf(filesOf(root));
  const clone = cloneAt(root, source, documents);
  const [faults, pictures]: [string[], Set<string>] = [[], new Set()];
  const titles = documents.map(({ path, page }) => {
    const text = readFileSync(`${root}/${path}`, 'utf8');
    const markdown = path.endsWith('.ts') ? lessonPage(text, path) : text;
    // Figures come first: their lines are those of the document as it is.
    const read = rewriteLinks(markdown, path, clone);
    faults.push(...read.faults);
    for (const picture of read.pictures) pictures.add(picture);
    write(`${out}/${page}`, `${frontmatter(path)}${embed(holdTogether(read.text), figures.get(path) ?? [])}`);
    return {
      path,
      title: path === 'README.md' ? 'Overview' : plain(titleOf(markdown, path)),
      link: `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html')}`,
    };
  });
  const home = rewriteLinks(fillHome(root), 'README.md', clone);
  faults.push(...home.faults);
  for (const picture of home.pictures) pictures.add(picture);
  write(`${out}/index.md`, home.text);
  if (faults.length > 0) throw new Error(`links that lead nowhere:\n${faults.join('\n')}`);
  for (const picture of pictures) copy(`${root}/${picture}`, `${out}/public/${picture}`);
  return { documents: documents.length, sidebar: sidebarsOf(titles) };
}

function frontmatter(path: string): string {
  const lines = [`source: ${path}`, ...(wide.test(path) ? ['aside: false', 'pageClass: wide'] : [])];
  return `---\n${lines.join('\n')}\n---\n\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
