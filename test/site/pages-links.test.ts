import { describe, expect, it } from 'vitest';
import { anchorsOf, holdTogether, partsOf, slugOf } from '../../site/pages/content/anchors';
import { documentsOf, lessonPage, titleOf } from '../../site/pages/content/documents';
import { type Clone, rewriteLinks } from '../../site/pages/content/links';
import { sidebarsOf } from '../../site/pages/content/sidebar';

/** A clone of a few files: documents with their texts, files that the annotated source shows, and others. */
const documents: Readonly<Record<string, string>> = {
  'README.md': '# It\n\n## What is there',
  'docs/errors.md': '# Errors\n\n## `scope/freed`\n\n## `file/values`',
  'docs/decisions/README.md': '# Decisions',
  'bench/README.md': '# bench',
};
const shown = ['src/a.ts', 'src/tensor/tensor.ts', 'src/tensor'];
const plainFiles = ['bench/cases/one.ts', 'docs/pictures/report.png', 'src/tensor/README.md', 'LICENSE'];
const files = [...Object.keys(documents), ...shown.filter((path) => path.includes('.')), ...plainFiles];

const clone: Clone = {
  kindOf: (path) =>
    files.includes(path) ? 'file' : files.some((file) => file.startsWith(`${path}/`)) ? 'folder' : null,
  pageOf: (path) => {
    const found = documentsOf(Object.keys(documents)).find(
      (one) => one.path === path || one.path === `${path}/README.md`,
    );
    return found ? `/${found.page}` : null;
  },
  sourceOf: (path) =>
    shown.includes(path) ? (path.includes('.') ? `/source/${path}.html` : `/source/${path}/`) : null,
  anchorsOf: (path) => anchorsOf(documents[path] ?? ''),
};
const rewritten = (markdown: string, path = 'docs/errors.md') => rewriteLinks(markdown, path, clone);

describe('links of a document on the site', () => {
  it.each([
    ['another document', '[it](../README.md)', '[it](/start.md)'],
    ['a heading, as the site calls it', '[freed](errors.md#scopefreed)', '[freed](/docs/errors.md#scope-freed)'],
    ['a heading of the same page', '[freed](#scopefreed)', '[freed](/docs/errors.md#scope-freed)'],
    ['a folder with a README', '[why](decisions)', '[why](/docs/decisions/index.md)'],
    ['a file of the source, and a line of it', '[a](../src/a.ts#L3)', '[a](/source/src/a.ts.html#L3)'],
    ['a room of the source', '[room](../src/tensor/README.md)', '[room](/source/src/tensor/)'],
    ['the room around what no page shows', '[cases](../bench/cases)', '[cases](/bench/index.md)'],
    ['an address outside', '[paper](https://arxiv.org/abs/1)', '[paper](https://arxiv.org/abs/1)'],
    ['a text over two lines, with code', '[the\n`same`](../src/a.ts)', '[the\n`same`](/source/src/a.ts.html)'],
    ['code that is a path', 'see `src/a.ts`.', 'see [`src/a.ts`](/source/src/a.ts.html).'],
    ['code that looks like a link', '`x[0](src/a.ts)`', '`x[0](src/a.ts)`'],
    ['a placeholder', '`src/nn/layers/NAME.ts`', '`src/nn/layers/NAME.ts`'],
  ])('%s', (_, markdown, expected) => {
    expect(rewritten(markdown)).toEqual({ text: expected, pictures: [], faults: [] });
  });

  it('in the README of a room, code is a path from there too', () => {
    const { text } = rewritten('`tensor.ts` and `src/a.ts`', 'src/tensor/README.md');
    expect(text).toBe('[`tensor.ts`](/source/src/tensor/tensor.ts.html) and [`src/a.ts`](/source/src/a.ts.html)');
  });

  it('fenced code is left alone', () => {
    const code = '~~~md\n[x](../src/a.ts) [y](nowhere.md) `src/none.ts`\n~~~\n\n```\n[x](../src/a.ts)\n```\n';
    expect(rewritten(code)).toEqual({ text: code, pictures: [], faults: [] });
    expect(rewritten(`${code}[a](../src/a.ts)`).text).toBe(`${code}[a](/source/src/a.ts.html)`);
  });

  it('pictures are asked for', () => {
    expect(rewritten('![seen](pictures/report.png)')).toMatchObject({
      text: '![seen](/docs/pictures/report.png)',
      pictures: ['docs/pictures/report.png'],
    });
  });

  it.each([
    [
      'a file that is not there',
      'one\n[x](none.md)',
      'docs/errors.md:2: the link to none.md leads to docs/none.md, which is not there',
    ],
    [
      'a heading that is not there',
      '[x](#gone)',
      'docs/errors.md:1: the link to #gone: docs/errors.md has no heading #gone',
    ],
    [
      'an anchor as the site has it, which GitHub has not',
      '[x](#scope-freed)',
      'docs/errors.md:1: the link to #scope-freed: docs/errors.md has no heading #scope-freed',
    ],
    [
      'what no page shows',
      '[x](../LICENSE)',
      'docs/errors.md:1: the link to ../LICENSE leads to LICENSE, which no page shows',
    ],
    [
      'a picture',
      '```\n```\n![x](none.png)',
      'docs/errors.md:3: the picture none.png is docs/none.png, which is not there',
    ],
    ['code that names nothing', 'a\nb `src/none.ts`', 'docs/errors.md:2: `src/none.ts` names nothing in the clone'],
  ])('fail with file and line: %s', (_, markdown, fault) => {
    expect(rewritten(markdown).faults).toEqual([fault]);
  });
});

describe('anchors', () => {
  it('are those of GitHub, but that the parts of a code stay apart on the site', () => {
    const markdown = "# Flora's mathematics\n\n## `scope/freed`\n\n## A _word_, [linked](x.md)\n\n## Same\n\n## Same\n";
    expect([...anchorsOf(markdown)]).toEqual([
      ['floras-mathematics', 'floras-mathematics'],
      ['scopefreed', 'scope-freed'],
      ['a-word-linked', 'a-word-linked'],
      ['same', 'same'],
      ['same-1', 'same-1'],
    ]);
    expect(slugOf('snake_case stays')).toBe('snake_case-stays');
  });

  it('are not made of comments in code', () => {
    expect([...anchorsOf('# One\n\n```sh\n# npm ci\n```\n').keys()]).toEqual(['one']);
  });

  it('parts of a document are the document, with their lines', () => {
    const markdown = 'a\n\n```ts\nx\n```\nb\n````md\n```\n````\n';
    const parts = partsOf(markdown);
    expect(parts.map(({ text }) => text).join('')).toBe(markdown);
    expect(parts.map(({ code, line }) => [code, line])).toEqual([
      [false, 1],
      [true, 3],
      [false, 5],
      [true, 7],
      [false, 9],
    ]);
  });
});

describe('documents', () => {
  it('hold numbers of tables together with their intervals, and leave prose alone', () => {
    const row = '| a b | -0.1 [-0.2, 0.3] | 2.5 ± 0.1 | 1.8 (1.7–2.5) |';
    const held = '| a b | -0.1\u00a0[-0.2,\u00a00.3] | 2.5\u00a0±\u00a00.1 | 1.8\u00a0(1.7–2.5) |';
    expect(holdTogether(`by 0.1 [0.2, 0.3]\n${row}`)).toBe(`by 0.1 [0.2, 0.3]\n${held}`);
  });

  it('each has a page', () => {
    const paths = [
      'README.md',
      'docs/a.md',
      'docs/decisions/README.md',
      'docs/api/x.md',
      'lessons/01-one.ts',
      'lessons/checks/a.ts',
      'src/nn/README.md',
      'examples/README.md',
      'bench/notes.md',
    ];
    expect(documentsOf(paths).map(({ path, page }) => `${path} ${page}`)).toEqual([
      'README.md start.md',
      'docs/a.md docs/a.md',
      'docs/decisions/README.md docs/decisions/index.md',
      'examples/README.md examples/index.md',
      'lessons/01-one.ts lessons/01-one.md',
    ]);
  });

  it('have titles', () => {
    expect(titleOf('text\n# The title\n## no', 'a.md')).toBe('The title');
    expect(() => titleOf('## no', 'a.md')).toThrow('a.md has no heading of the first level');
    expect(lessonPage('// Lesson 1: x\ncode();\n', 'lessons/01.ts')).toMatch(
      /^# Lesson 1: x\n[\s\S]*```ts\n\/\/ Lesson 1: x\ncode\(\);\n```\n$/,
    );
  });

  it('the sidebar refuses what no group has', () => {
    const titled = (path: string) => ({ path, title: path, link: `/${path}` });
    expect(() => sidebarsOf([titled('README.md')])).toThrow('the sidebar names docs/guides/in-a-page.md');
  });
});
