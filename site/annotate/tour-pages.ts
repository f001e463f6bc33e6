import { escapeHtml, pageOf, relative } from './html';
import type { Page } from './page';
import { type Links, renderInline, renderText } from './prose';
import type { Stop, Tour } from './tour';

export const stopPage = (stop: Stop): string => `source/tour/${stop.slug}.html`;

const label = (stop: Stop): string => (stop.number === undefined ? stop.title : `${stop.number}. ${stop.title}`);

/** The pages of the tour, one for each stop. */
export function tourPages(
  tour: Tour,
  linksFrom: (page: string) => Links,
  firstWords: (path: string) => string,
): Page[] {
  return tour.stops.map((stop, i) => {
    const path = stopPage(stop);
    const links = linksFrom(path);
    const [previous, next] = [tour.stops[i - 1], tour.stops[i + 1]];
    return {
      path,
      title: label(stop),
      kind: 'tour',
      crumbs: [
        { text: 'source', page: pageOf('') },
        { text: stop.part === undefined ? 'the reading hour' : `the reading hour: ${stop.part}` },
      ],
      body: renderStop(stop, path, links, firstWords, tour, i),
      ...(previous ? { previous: { text: label(previous), page: stopPage(previous) } } : {}),
      next: next ? { text: label(next), page: stopPage(next) } : { text: 'All rooms', page: pageOf('') },
    };
  });
}

function renderStop(
  stop: Stop,
  path: string,
  links: Links,
  firstWords: (path: string) => string,
  tour: Tour,
  i: number,
): string {
  const dots = tour.stops
    .map(
      (one, j) =>
        `<a href="${relative(path, stopPage(one))}" title="${escapeHtml(label(one))}"${i === j ? ' class="on"' : ''}>${one.number ?? '·'}</a>`,
    )
    .join('');
  const minutes = stop.minutes === undefined ? '' : `<p class="minutes">${stop.minutes} minutes</p>`;
  const question =
    stop.question === undefined
      ? ''
      : `<p class="question">${renderInline(stop.question, [], links)}</p>${stop.hint === undefined ? '' : renderText(stop.hint, links)}`;
  const answer = stop.answer === undefined ? '' : folded('Answer', stop.answer, links);
  const after = stop.after === undefined ? '' : renderText(stop.after, links);
  const list = (stop.list ?? []).map(({ question: asked, answer: given }) => folded(asked, given, links)).join('');
  const files = stop.files.map(
    (file) => `<li><a href="${links.path(file) ?? ''}"><code>${file}</code></a><span>${firstWords(file)}</span></li>`,
  );
  const heading =
    stop.files.length > 0 && !stop.list ? `<h2>Files of this stop</h2><ul class="files">${files.join('')}</ul>` : '';
  return `<div class="dots">${dots}</div><h1>${escapeHtml(stop.title)}</h1>${minutes}<div class="text">${renderText(stop.text, links)}${question}${answer}${list}${after}</div>${heading}`;
}

function folded(title: string, text: string, links: Links): string {
  return `<details class="answer"><summary>${renderInline(title, [], links)}</summary>${renderText(text, links)}</details>`;
}

/** The bar on the page of a file that the tour visits. */
export function tourBar(tour: Tour, path: string, isPage: (path: string) => boolean): string | undefined {
  const numbered = tour.stops.filter((stop) => stop.number !== undefined);
  const stop = numbered.find(({ files }) => files.includes(path));
  if (!stop) return undefined;
  const page = pageOf(path);
  const files = stop.files.filter(isPage);
  const file = files[files.indexOf(path) + 1];
  const after = tour.stops[tour.stops.indexOf(stop) + 1];
  const links = [
    ...(file === undefined
      ? []
      : [`<a rel="next" href="${relative(page, pageOf(file))}">next file: ${file.split('/').slice(-1)[0]} →</a>`]),
    ...(after
      ? [
          `<a${file === undefined ? ' rel="next"' : ''} href="${relative(page, stopPage(after))}">next stop: ${escapeHtml(after.title)} →</a>`,
        ]
      : []),
  ];
  const position = `stop ${stop.number} of ${numbered.at(-1)?.number}`;
  return `<div class="bar"><a href="${relative(page, stopPage(stop))}">${position}: ${escapeHtml(stop.title)}</a><span>${links.join('')}</span></div>\n`;
}
