import { posix } from 'node:path';
import { type Check, Checks } from './checks';
import {
  bibliography,
  type Citation,
  checkCitations,
  fileFor,
  type Library,
  type Problem,
  papersOf,
} from './citations';
import { exampleCode } from './example';
import { renderFile } from './file-page';
import { type AnnotatedFile, annotate, isCore } from './files';
import { highlight } from './highlight';
import { escapeHtml, pageOf, relative } from './html';
import { indexPage } from './index-page';
import type { Formula } from './marked';
import { crumbsOf, type NavigationItem, type Page, renderPage } from './page';
import { type CitedAt, papersPage, papersPath } from './papers-page';
import type { Project } from './project';
import { type Links, renderInline } from './prose';
import { listOf, type RoomWords, roomPage, roomsOf } from './room-pages';
import { readTour } from './tour';
import { tourBar, tourPages } from './tour-pages';

export interface Site {
  readonly problems: readonly Problem[];
  readonly formulas: readonly (Formula & { readonly path: string })[];
  readonly unchecked: readonly (Formula & { readonly path: string })[];
  /** Path and text of every page. */
  pages(): Iterable<readonly [path: string, html: string]>;
  counts(): string[];
}

/** A formula and what checks it. */
interface Checked {
  readonly path: string;
  readonly formula: Formula;
  readonly checks: readonly Check[];
}

export function build(project: Project, navigation: readonly NavigationItem[]): Site {
  const core = project.files.filter(isCore);
  const files = new Map<string, AnnotatedFile>(core.map((path) => [path, annotate(project, path)]));
  const checks = new Checks(project);
  const checked: Checked[] = core.flatMap((path) => {
    const { formulas, names } = files.get(path) as AnnotatedFile;
    return formulas.map((formula) => ({ path, formula, checks: checks.of({ path, exports: names }, formula) }));
  });
  for (const { file } of checked.flatMap((one) => one.checks)) {
    if (!files.has(file)) files.set(file, annotate(project, file));
  }

  const library = libraryOf(project, core, files);
  const problems: Problem[] = [...checks.broken];
  const cited = new Map<string, CitedAt[]>();
  let citations = 0;
  for (const [path, { comments }] of files) {
    for (const { words, line } of comments) {
      const found = checkCitations({ path, line, words }, library);
      citations += found.count;
      problems.push(...found.problems);
      for (const { paper } of papersIn(words, library))
        cited.set(paper.key, [...(cited.get(paper.key) ?? []), { path, line }]);
    }
  }
  const has = (path: string): boolean => project.has(path) || (path.endsWith('/') && project.hasFolder(path));
  const tour = readTour(project.text('docs/reading.md'), has);
  for (const { path, line } of tour.missing) {
    problems.push({
      path: 'docs/reading.md',
      line,
      message: `${path} is no file or folder; expected a path from the root of the repository`,
    });
  }

  const rooms = roomsOf([...files.keys()]);
  const isPage = (page: string): boolean => pagesThere.has(page);
  const pagesThere = new Set([
    ...[...files.keys()].map(pageOf),
    ...[...rooms.keys()].map((room) => pageOf(room === '' ? '' : `${room}/`)),
  ]);
  const byFormula = new Map(checked.map(({ path, formula, checks: by }) => [`${path}#${formula.id}`, by]));
  const byLaw = lawsBack(checked);

  const linksFrom = (page: string, path: string): Links =>
    linksOf({ page, path, project, files, library, isPage, byFormula });
  const firstWords = (path: string, page: string): string => {
    const first = path.endsWith('.md') ? headingOf(project, path) : sentenceOf(files.get(path));
    return renderInline(first, [], { ...linksFrom(page, path), code: () => undefined, path: () => undefined });
  };

  function* pages(): Iterable<readonly [string, string]> {
    const print = (page: Page): readonly [string, string] => [page.path, renderPage(page, navigation)];
    const words: RoomWords = {
      readme: (path) => (project.has(`${path}/README.md`) ? project.text(`${path}/README.md`) : undefined),
      firstWords,
      size: (path) => [...files.keys()].filter((one) => one.startsWith(`${path}/`)).length,
    };
    for (const [path, file] of files) yield print(filePage(path, file));
    for (const room of rooms.values()) {
      if (room.path === '') continue;
      yield print(roomPage(room, words, linksFrom(pageOf(`${room.path}/`), `${room.path}/README.md`), isPage));
    }
    yield* tourPages(
      tour,
      (page) => linksFrom(page, 'docs/reading.md'),
      (path) => (path.endsWith('.ts') ? firstWords(path, 'source/tour/0.html') : ''),
    ).map(print);
    yield print(
      papersPage(
        library.papers.filter(({ key }) => cited.has(key)),
        cited,
      ),
    );
    const root = rooms.get('');
    if (root) yield print(indexPage(tour, listOf(root, words, pageOf('')), linksFrom(pageOf(''), 'docs/reading.md')));
    yield ['source/names.js', `window.sourceNames=${JSON.stringify(namesOfAll())}`];
  }

  function filePage(path: string, file: AnnotatedFile): Page {
    const page = pageOf(path);
    const links = linksFrom(page, path);
    const siblings = rooms.get(posix.dirname(path))?.files ?? [];
    const [previous, next] = [siblings[siblings.indexOf(path) - 1], siblings[siblings.indexOf(path) + 1]];
    const bar = tourBar(tour, path, (one) => files.has(one));
    const view = {
      text: file.source.text,
      sections: file.sections,
      pieces: highlight(file.source, file.comments),
      parts: file.parts,
      inCode: file.inCode,
      links,
      imported(name: string): string | undefined {
        const place = file.source.imports.get(name);
        const found = place && (place.name === '*' ? { path: place.path, line: 1 } : project.definition(place));
        return found && isPage(pageOf(found.path)) ? relative(page, `${pageOf(found.path)}#L${found.line}`) : undefined;
      },
      example: exampleCode,
      notes(section: AnnotatedFile['sections'][number]): string {
        const lines = (line: number): boolean =>
          (line >= section.first && line <= section.last) ||
          section.comments.some((one) => line >= one.line && line <= one.endLine);
        const own = file.formulas
          .filter(({ line }) => lines(line))
          .flatMap(({ id }) => byFormula.get(`${path}#${id}`) ?? []);
        const back = [...(byLaw.get(path) ?? [])].filter(([line]) => lines(line)).flatMap(([, formulas]) => formulas);
        return `${checkedBy(own, page)}${checksThese(back, page)}`;
      },
    };
    return {
      path: page,
      title: path,
      kind: 'source',
      crumbs: crumbsOf(path, isPage),
      body: renderFile(view),
      ...(bar === undefined ? {} : { bar }),
      ...(previous === undefined ? {} : { previous: { text: posix.basename(previous), page: pageOf(previous) } }),
      ...(next === undefined ? {} : { next: { text: posix.basename(next), page: pageOf(next) } }),
    };
  }

  function namesOfAll(): unknown[] {
    return [...files].map(([path, { source }]) => [
      path,
      `${path}.html`,
      ...source.exports.filter(({ from, name }) => !from && name !== '*').map(({ name, line }) => [name, line]),
    ]);
  }

  const withLaw = checked.filter((one) => one.checks.length > 0);
  const flat = (list: readonly Checked[]): (Formula & { path: string })[] =>
    list.map(({ path, formula }) => ({ ...formula, path }));
  return {
    problems,
    formulas: flat(checked),
    unchecked: flat(checked.filter((one) => one.checks.length === 0)),
    pages,
    counts() {
      const lines = [...files.values()].reduce((sum, { source }) => sum + source.text.split('\n').length - 1, 0);
      const links = checked.reduce((sum, one) => sum + one.checks.length, 0);
      const laws = [...byLaw.values()].reduce((sum, one) => sum + one.size, 0);
      return [
        `${files.size} files (${core.length} of the core, ${files.size - core.length} tests), ${lines} lines`,
        `${checked.length} formulas, ${withLaw.length} with a law or test; ${links} links from formulas to ${laws} laws, rows and tests, each with links back`,
        `${citations} citations checked, ${cited.size} papers; ${tour.stops.length} pages of the tour`,
      ];
    },
  };
}

function libraryOf(project: Project, core: readonly string[], files: ReadonlyMap<string, AnnotatedFile>): Library {
  const headings = project.text('docs/errors.md').matchAll(/^## `([^`]+)`/gm);
  return {
    has: (path) => project.has(path),
    hasFolder: (path) => project.hasFolder(path),
    files: project.files,
    text: (path) => project.text(path),
    errorCodes: new Set(Array.from(headings, ([, code = '']) => code)),
    names: new Set(core.flatMap((path) => (files.get(path) as AnnotatedFile).source.exports.map(({ name }) => name))),
    papers: bibliography,
  };
}

function papersIn(words: string, library: Library): Citation[] {
  const sees = Array.from(words.matchAll(/@see([\s\S]*?)(?=\n@\w|$(?![\s\S]))/g), ([, text = '']) => text);
  return sees.flatMap((text) => papersOf(text, library)).flatMap(({ citation }) => citation ?? []);
}

/** File → line of a law → the formulas that it checks. */
function lawsBack(checked: readonly Checked[]): Map<string, Map<number, Checked[]>> {
  const back = new Map<string, Map<number, Checked[]>>();
  for (const one of checked) {
    for (const { file, line } of one.checks) {
      const lines = back.get(file) ?? new Map<number, Checked[]>();
      back.set(file, lines);
      lines.set(line, [...(lines.get(line) ?? []), one]);
    }
  }
  return back;
}

function checkedBy(checks: readonly Check[], page: string): string {
  const keys = checks.map(({ file, line }) => `${file}:${line}`);
  const own = checks.filter((_, i) => keys.indexOf(keys[i] as string) === i);
  if (own.length === 0) return '';
  const items = own.map(
    ({ file, line, title }) =>
      `<li><a href="${relative(page, `${pageOf(file)}#L${line}`)}">${escapeHtml(title)}</a> <small>${file.replace(/^src\/|^test\//, '')}</small></li>`,
  );
  return `<details class="by"><summary>checked by ${own.length === 1 ? 'one law or test' : `${own.length} laws and tests`}</summary><ul>${items.join('')}</ul></details>`;
}

function checksThese(formulas: readonly Checked[], page: string): string {
  if (formulas.length === 0) return '';
  const byFile = new Map<string, Formula[]>();
  for (const { path, formula } of formulas) byFile.set(path, [...(byFile.get(path) ?? []), formula]);
  const items = [...byFile].map(([path, own]) => {
    const distinct = own.filter(({ id }, i) => own.findIndex((one) => one.id === id) === i);
    const links = distinct.map(
      ({ id }, i) =>
        `<a href="${relative(page, `${pageOf(path)}#${id}`)}">${i === 0 ? path.replace(/^src\//, '') : i + 1}</a>`,
    );
    return `<li>${links.join(' ')}</li>`;
  });
  const count = new Set(formulas.map(({ path, formula }) => `${path}#${formula.id}`)).size;
  return `<details class="by"><summary>checks ${count === 1 ? 'one formula' : `${count} formulas`}</summary><ul>${items.join('')}</ul></details>`;
}

interface LinkContext {
  readonly page: string;
  readonly path: string;
  readonly project: Project;
  readonly files: ReadonlyMap<string, AnnotatedFile>;
  readonly library: Library;
  isPage(page: string): boolean;
  readonly byFormula: ReadonlyMap<string, readonly Check[]>;
}

function linksOf({ page, path, project, files, library, isPage, byFormula }: LinkContext): Links {
  const to = (target: string): string => relative(page, target);
  /** The page of a file or folder of the repository, here or among the guides. */
  const pathLink = (given: string): string | undefined => {
    const [name = '', anchor] = given.split('#');
    const full = fullPath(name, path, project);
    if (full === undefined) return undefined;
    const hash = anchor === undefined ? '' : `#${anchor}`;
    if (/^docs\/.*\.md$/.test(full))
      return to(`${full.replace(/(?:README)?\.md$/, (end) => (end === '.md' ? '.html' : 'index.html'))}${hash}`);
    const readme = full.replace(/README\.md$/, '');
    const own = pageOf(
      project.hasFolder(readme) && !readme.endsWith('/') && !project.has(readme) ? `${readme}/` : readme,
    );
    return isPage(own) ? to(`${own}${hash}`) : undefined;
  };
  const nameLink = (name: string): string | undefined => {
    const file = files.get(path);
    const own = file?.source.exports.find((one) => one.name === name && !one.from);
    if (own) return `#L${own.line}`;
    const place = file?.source.imports.get(name);
    const found = place ? project.definition(place) : project.definition({ path: 'src/index.ts', name });
    return found && isPage(pageOf(found.path)) ? to(`${pageOf(found.path)}#L${found.line}`) : undefined;
  };
  return {
    path: pathLink,
    code(code) {
      if (library.errorCodes.has(code)) return to(`docs/errors.html#${code.replaceAll('/', '-')}`);
      if (/^[\w./-]+\.(?:ts|md|mjs|py)$|^[\w./-]+\/$/.test(code)) return pathLink(code);
      return /^[A-Za-z]\w+$/.test(code) ? nameLink(code) : undefined;
    },
    papers: (text) =>
      papersOf(text, library).flatMap(({ citation }) =>
        citation ? { words: citation.words, href: to(`${papersPath}#${citation.paper.key}`) } : [],
      ),
    law(formula) {
      const checks = byFormula.get(`${path}#${formula.id}`) ?? [];
      const [first] = checks;
      if (!first) return undefined;
      const more = checks.length > 1 ? `, and ${checks.length - 1} more` : '';
      return { href: to(`${pageOf(first.file)}#L${first.line}`), title: `checked by: ${first.title}${more}` };
    },
  };
}

function fullPath(given: string, from: string, project: Project): string | undefined {
  const there = (path: string): boolean => project.has(path) || project.hasFolder(path);
  const beside = posix.normalize(posix.join(posix.dirname(from), given));
  if (given.endsWith('/') || given.startsWith('.')) return [beside, given].find(there);
  return [given, beside].find(there) ?? fileFor(given, from, project);
}

function sentenceOf(file: AnnotatedFile | undefined): string {
  const words = file?.comments.find(({ place }) => place === 'prose')?.words.replaceAll(/^@[\s\S]*/gm, '') ?? '';
  const paragraph = words.split('\n\n')[0]?.replaceAll('\n', ' ') ?? '';
  return /^.*?[^.]{2}[.:;](?=\s|$)/.exec(paragraph)?.[0].replace(/[:;]$/, '.') ?? paragraph;
}

function headingOf(project: Project, path: string): string {
  if (!project.has(path)) return '';
  const heading = /^# (.*)/.exec(project.text(path))?.[1] ?? '';
  return heading.replace(/^[\w/.]+: /, '');
}
