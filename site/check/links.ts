// Every link and resource of every page in site/dist: what it leads to is there, with its anchor, and only a reader who clicks
// leaves the site. Links out are listed by their hosts and not asked for.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type PageParts, partsOfPage } from './html';
import { base, dist } from './serve';

const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => statSync(join(dist, path)).isFile());
const pages = new Map<string, PageParts>(
  files
    .filter((path) => path.endsWith('.html'))
    .map((path) => [path, partsOfPage(readFileSync(join(dist, path), 'utf8'))]),
);
if (pages.size === 0) throw new Error(`there are no pages in ${dist}: run npm run site first`);

const dead: string[] = [];
const hosts = new Map<string, number>();
let [links, anchors] = [0, 0];
for (const [page, { references }] of pages) for (const { tag, target } of references) look(page, tag, target);
for (const path of files.filter((path) => path.endsWith('.css'))) {
  for (const [, address] of readFileSync(join(dist, path), 'utf8').matchAll(/(?:url\(|@import )["']?(https?:[^"')]+)/g))
    dead.push(`${path}: a resource from outside, ${address}`);
}

function look(page: string, tag: string, target: string): void {
  if (/^(data|mailto|blob|javascript):/.test(target)) return;
  if (/^(https?:)?\/\//.test(target)) {
    const { host } = new URL(target, 'https://localhost');
    if (tag !== 'a') dead.push(`${page}: a resource from outside, ${target}`);
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
    return;
  }
  links += 1;
  const [path = '', anchor] = target.replace(/\?[^#]*/, '').split('#');
  const file = path === '' ? page : fileOf(page, decodeURI(path));
  if (file === null || !existsSync(join(dist, file))) dead.push(`${page}: ${target} leads nowhere`);
  else if (anchor !== undefined && anchor !== '') {
    anchors += 1;
    const parts = pages.get(file);
    if (parts && !parts.ids.has(decodeURIComponent(anchor)))
      dead.push(`${page}: ${target}, and ${file} has no such anchor`);
  }
}

/** The file that a path leads to from a page; null for one outside of the site. */
function fileOf(page: string, path: string): string | null {
  if (path.startsWith('/') && !path.startsWith(base)) return null;
  const file = path.startsWith('/') ? path.slice(base.length) : posix.normalize(posix.join(posix.dirname(page), path));
  if (file.startsWith('..')) return null;
  return file === '' || file === '.' || file.endsWith('/') ? posix.join(file, 'index.html') : file;
}

const bytes = files.reduce((sum, path) => sum + statSync(join(dist, path)).size, 0);
console.log(`${pages.size} pages, ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
console.log(`${links} links, ${anchors} of them with an anchor`);
const outward = [...hosts].sort((a, b) => b[1] - a[1]).map(([host, count]) => `${host} ${count}`);
console.log(`links out: ${outward.join(', ') || 'none'}`);
for (const line of dead.slice(0, 50)) console.error(line);
if (dead.length > 0) console.error(`${dead.length} dead`);
process.exitCode = dead.length > 0 ? 1 : 0;
