import { escapeHtml, pageOf, relative } from './html';

export interface NavigationItem {
  readonly text: string;
  readonly link: string;
}

export interface Crumb {
  readonly text: string;
  /** A page from the root of the site. */
  readonly page?: string;
}

export interface Page {
  /** From the root of the site. */
  readonly path: string;
  readonly title: string;
  readonly crumbs: readonly Crumb[];
  /** HTML. */
  readonly body: string;
  readonly bar?: string;
  readonly previous?: Crumb;
  readonly next?: Crumb;
  /** Scripts from the root of the site, beside the one that all pages have. */
  readonly scripts?: readonly string[];
  readonly kind: string;
}

/** A page with the header of the site; all addresses are relative, so that it works from a folder and under any path. */
export function renderPage(page: Page, navigation: readonly NavigationItem[]): string {
  const to = (path: string): string => relative(page.path, path);
  const links = navigation.map(({ text, link }) => {
    const here = link === '/source/' ? ' class="on"' : '';
    return `<a href="${to(siteFile(link))}"${here}>${text}</a>`;
  });
  const crumbs = page.crumbs.map(({ text, page: path }) =>
    path === undefined ? `<span>${escapeHtml(text)}</span>` : `<a href="${to(path)}">${escapeHtml(text)}</a>`,
  );
  const step = (crumb: Crumb | undefined, rel: 'prev' | 'next'): string =>
    crumb?.page === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${to(crumb.page)}">${rel === 'prev' ? '← ' : ''}${escapeHtml(crumb.text)}${rel === 'next' ? ' →' : ''}</a>`;
  const scripts = [...(page.scripts ?? []), 'source/annotate.js'].map(
    (path) => `<script src="${to(path)}" defer></script>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(page.title)} · floragrad</title><link rel="stylesheet" href="${to('source/annotate.css')}">${scripts.join('')}</head>
<body class="${page.kind}"><header><a class="name" href="${to('index.html')}">floragrad</a><nav>${links.join('')}</nav></header>
${page.bar ?? ''}<div class="crumbs">${crumbs.join('<i>/</i>')}</div>
<main>${page.body}</main>
<footer>${step(page.previous, 'prev')}${step(page.next, 'next')}</footer></body></html>
`;
}

/** The file of the site behind a link of the navigation. */
export function siteFile(link: string): string {
  const path = link.replace(/^\//, '');
  return path === '' || path.endsWith('/') ? `${path}index.html` : path;
}

/** The rooms that a file is in, each with its page, and the file itself. */
export function crumbsOf(path: string, hasPage: (page: string) => boolean): Crumb[] {
  const parts = path.split('/').filter((part) => part !== '');
  const crumbs: Crumb[] = [{ text: 'source', page: pageOf('') }];
  for (const [i, text] of parts.entries()) {
    const page = pageOf(`${parts.slice(0, i + 1).join('/')}/`);
    crumbs.push(i < parts.length - 1 && hasPage(page) ? { text, page } : { text });
  }
  return crumbs;
}
