import { escapeHtml, pageOf, relative } from './html';
import type { Page } from './page';
import type { Paper } from './papers';

export const papersPath = 'source/papers.html';

/** A place that cites a paper. */
export interface CitedAt {
  readonly path: string;
  readonly line: number;
}

/** All papers with the places that cite them, by year. */
export function papersPage(papers: readonly Paper[], places: ReadonlyMap<string, readonly CitedAt[]>): Page {
  const sorted = [...papers].sort((a, b) => b.year - a.year || a.title.localeCompare(b.title));
  const rows = sorted.map(
    (paper) =>
      `<li id="${paper.key}">${describe(paper)}<div class="cited">${distinct(places.get(paper.key) ?? [])
        .map(place)
        .join('')}</div></li>`,
  );
  return {
    path: papersPath,
    title: 'Papers',
    kind: 'papers',
    crumbs: [{ text: 'source', page: pageOf('') }, { text: 'papers' }],
    body: `<h1>Papers</h1><p class="lead">${papers.length} papers that the source cites, each with the places that do.</p><ol class="biblio">${rows.join('')}</ol>`,
  };
}

function describe({ authors, title, published, arxiv }: Paper): string {
  const number = arxiv === undefined ? '' : ` · <a href="https://arxiv.org/abs/${arxiv}">arXiv ${arxiv}</a>`;
  const where = [authors, published]
    .filter((one) => one !== '')
    .map(escapeHtml)
    .join(' · ');
  return `<b>${escapeHtml(title || `arXiv ${arxiv}`)}</b><span>${where}${number}</span>`;
}

function place({ path, line }: CitedAt): string {
  return `<a href="${relative(papersPath, `${pageOf(path)}#L${line}`)}">${path.split('/').slice(-2).join('/')}</a>`;
}

/** One link for each file, to the first place in it. */
function distinct(places: readonly CitedAt[]): CitedAt[] {
  return places.filter(({ path }, i) => places.findIndex((one) => one.path === path) === i);
}
