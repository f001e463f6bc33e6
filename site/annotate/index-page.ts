import { pageOf, relative } from './html';
import type { Page } from './page';
import { papersPath } from './papers-page';
import { type Links, renderText } from './prose';
import type { Tour } from './tour';
import { stopPage } from './tour-pages';

/** Where everything begins: the reading hour, a filter over all names, and the rooms. */
export function indexPage(tour: Tour, rooms: string, links: Links): Page {
  const page = pageOf('');
  const stops = tour.stops.map((stop, i) => {
    const { number, title, minutes, part } = stop;
    const value = number === undefined ? ' class="more"' : ` value="${number}"`;
    const time = minutes === undefined ? '' : ` <em>${minutes} min</em>`;
    const opens = part !== tour.stops[i - 1]?.part ? `<li class="part">${part ?? 'And then'}</li>` : '';
    return `${opens}<li${value}><a href="${relative(page, stopPage(stop))}">${title}</a>${time}</li>`;
  });
  const [first] = tour.stops;
  const start = first
    ? `<a class="start" rel="next" href="${relative(page, stopPage(first))}">Start reading →</a>`
    : '';
  return {
    path: page,
    title: 'The annotated source',
    kind: 'index',
    scripts: ['source/names.js'],
    crumbs: [{ text: 'source' }],
    body: `<div class="text"><h1>The annotated source</h1>
<p>Every file of the core, its comments as prose beside the code they belong to. Formulas are typeset; the tick behind one leads to the law or test that checks it, and there a list leads back. <a href="${relative(page, papersPath)}">Papers</a> lists what is cited, and where.</p>
<p><input id="filter" type="search" placeholder="Find a file or a name ( / )" aria-label="Find a file or a name" autocomplete="off"></p><ul id="found"></ul>
<h2>${tour.title}</h2>${renderText(tour.intro, links)}${start}<ol class="stops">${stops.join('')}</ol></div>${rooms}`,
  };
}
