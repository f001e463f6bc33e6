import { posix } from 'node:path';
import type { Check } from './checks';
import { fileFor, type Library, papersOf } from './citations';
import type { AnnotatedFile } from './files';
import { pageOf, relative } from './html';
import { papersPath } from './papers-page';
import type { Project } from './project';
import type { Links } from './prose';

export interface LinkContext {
  readonly page: string;
  readonly path: string;
  readonly project: Project;
  readonly files: ReadonlyMap<string, AnnotatedFile>;
  readonly library: Library;
  isPage(page: string): boolean;
  readonly byFormula: ReadonlyMap<string, readonly Check[]>;
}

/** What a text on `page`, which stands in the file `path`, may point at. */
export function linksOf({ page, path, project, files, library, isPage, byFormula }: LinkContext): Links {
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
    if (path.endsWith('README.md')) return project.hasFolder(`src/${name}`) ? pathLink(`src/${name}/`) : undefined;
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
      if (/^[\w./-]+\.(?:ts|md|mjs|py)$|^[\w./-]+\/$|^(?:src|kernels|test|docs)\/[\w./-]+$/.test(code))
        return pathLink(code);
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
