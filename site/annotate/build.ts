import { posix } from 'node:path';
import { Checks } from './checks';
import { bibliography, type Citation, checkCitations, type Library, type Problem, papersOf } from './citations';
import { exampleCode } from './example';
import { renderFile } from './file-page';
import { type AnnotatedFile, annotate, isCore } from './files';
import { highlight } from './highlight';
import { pageOf, relative } from './html';
import { indexPage } from './index-page';
import { mathML } from './latex';
import { linksOf } from './links';
import type { Formula } from './marked';
import { type Checked, checkedBy, checksThese } from './notes';
import { crumbsOf, type NavigationItem, type Page, renderPage } from './page';
import { type CitedAt, papersPage } from './papers-page';
import type { Project } from './project';
import { type Links, renderInline } from './prose';
import { listOf, type RoomWords, roomPage, roomsOf } from './room-pages';
import { readTour } from './tour';
import { tourBar, tourPages } from './tour-pages';
import { Users } from './users';
import { headingOf, sentenceOf } from './words';

export interface Site {
  readonly problems: readonly Problem[];
  readonly formulas: readonly (Formula & { readonly path: string })[];
  readonly unchecked: readonly (Formula & { readonly path: string })[];
  /** Path and text of every page. */
  pages(): Iterable<readonly [path: string, html: string]>;
  counts(): string[];
}

export function build(project: Project, navigation: readonly NavigationItem[]): Site {
  const core = project.files.filter(isCore);
  const files = new Map<string, AnnotatedFile>(core.map((path) => [path, annotate(project, path)]));
  const checks = new Checks(project);
  const users = new Users(files);
  const checked: Checked[] = core.flatMap((path) => {
    const { formulas, names } = files.get(path) as AnnotatedFile;
    const subject = { path, exports: names, users: users.of(path) };
    return formulas.map((formula) => ({ path, formula, checks: checks.of(subject, formula) }));
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
  for (const { path, formula } of checked) {
    const message = unreadable(formula);
    if (message !== undefined) problems.push({ path, line: formula.line, message });
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

/** Why a formula cannot be drawn. */
function unreadable({ latex, source }: Formula): string | undefined {
  try {
    mathML(latex);
    return undefined;
  } catch (error) {
    return `${source} cannot be drawn as ${latex}: ${(error as Error).message}. Fix: site/annotate/notation.ts`;
  }
}
