/** Pages of the site: links that lead somewhere, tables that are read, figures of them. */
const links = ['test/site/pages-links.test.ts'];
const figures = ['test/site/pages-figures.test.ts'];

export const pages = [
  {
    name: 'site: a heading that is not there is no fault',
    file: 'site/pages/content/links.ts',
    find: 'clone.anchorsOf(path).get(anchor)',
    replace: '(clone.anchorsOf(path).get(anchor) ?? anchor)',
    tests: links,
  },
  {
    name: 'site: links in fenced code are led elsewhere too',
    file: 'site/pages/content/links.ts',
    find: 'if (part.code) return part.text;',
    replace: "if (part.code && part.text === '') return part.text;",
    tests: links,
  },
  {
    name: 'site: a fault has the line within its part of the document',
    file: 'site/pages/content/links.ts',
    find: 'part.line + part.text',
    replace: '1 + part.text',
    tests: links,
  },
  {
    name: 'site: code that names nothing is no fault',
    file: 'site/pages/content/links.ts',
    find: 'roomPath.test(code) && !placeholder.test(code)',
    replace: 'roomPath.test(code) && placeholder.test(code)',
    tests: links,
  },
  {
    name: 'site: the parts of a code run together in an anchor',
    file: 'site/pages/content/anchors.ts',
    find: "githubSlugOf(title.replaceAll('/', '-'))",
    replace: 'githubSlugOf(title)',
    tests: links,
  },
  {
    name: 'site: a second heading of the same text has the anchor of the first',
    file: 'site/pages/content/anchors.ts',
    find: 'while (taken.has(anchor)) anchor',
    replace: 'if (taken.has(slug) && again > 0) anchor',
    tests: links,
  },
  {
    name: 'site: comments in code are headings',
    file: 'site/pages/content/anchors.ts',
    find: 'if (code) continue;',
    replace: "if (code && text === '') continue;",
    tests: links,
  },
  {
    name: 'site: tables of the next section are found too',
    file: 'site/pages/figures/table.ts',
    find: 'const last = end < 0 ? lines.length : end;',
    replace: 'const last = Math.max(end, lines.length);',
    tests: figures,
  },
  {
    name: 'site: a row with fewer cells is taken',
    file: 'site/pages/figures/table.ts',
    find: 'if (cells.length !== columns.length)',
    replace: 'if (cells.length > columns.length)',
    tests: figures,
  },
  {
    name: 'site: a comma divides numbers anywhere',
    file: 'site/pages/figures/table.ts',
    find: '/(?<=\\d),(?=\\d{3})/g',
    replace: '/,/g',
    tests: figures,
  },
  {
    name: 'site: the ends of an interval change places',
    file: 'site/pages/figures/table.ts',
    find: 'return { y, low, high };',
    replace: 'return { y, low: high, high: low };',
    tests: figures,
  },
  {
    name: 'site: the floor of a loss is drawn on the other side',
    file: 'site/pages/figures/of-pages.ts',
    find: 'y: -numberOf(',
    replace: 'y: numberOf(',
    tests: figures,
  },
  {
    name: 'site: a figure stands after the first row of its table',
    file: 'site/pages/figures/write-figures.ts',
    find: 'lines.splice(line - 1, 0,',
    replace: 'lines.splice(line, 0,',
    tests: figures,
  },
];
