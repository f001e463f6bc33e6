import { posix } from 'node:path';

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The address of one page from another; both are paths from the root of the site. */
export function relative(from: string, to: string): string {
  const [path, anchor] = to.split('#') as [string, string?];
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (path === from && hash !== '') return hash;
  return posix.relative(posix.dirname(from), path) + hash;
}

/** The page of a file of the repository, or of a folder where it ends in a slash. */
export function pageOf(path: string): string {
  if (path === '' || path.endsWith('/')) return `source/${path}index.html`;
  return `source/${path}.html`;
}
