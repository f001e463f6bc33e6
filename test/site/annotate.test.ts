import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { Checks } from '../../site/annotate/checks';
import { checkCitations, type Library, papersOf } from '../../site/annotate/citations';
import { commentsOf, wordsOf } from '../../site/annotate/comments';
import { relative } from '../../site/annotate/html';
import type { LawRow } from '../../site/annotate/laws';
import { readPapers } from '../../site/annotate/papers';
import { importsIn, sectionsOf } from '../../site/annotate/sections';
import { readTour } from '../../site/annotate/tour';

const treeOf = (text: string): ts.SourceFile => ts.createSourceFile('a.ts', text, ts.ScriptTarget.ES2022, true);

describe('comments', () => {
  const text = [
    "const url = 'http://a'; // behind code",
    `const code = \`// in a template \${1 /* inside */}\`;`,
    'const pattern = /\\/\\/ no comment/;',
    '/** Beside the code. */',
    'interface A {',
    '  /** Stays with its member. */',
    '  b: number;',
    '}',
    'function f() {',
    '  // Two lines',
    '  // of one comment.',
    '  return 1;',
    '}',
    'const op = {',
    '  // y = a·b',
    '  forward: 1,',
    '};',
  ].join('\n');
  const comments = commentsOf(treeOf(text));

  it('are found outside of strings, templates and expressions, each in its place', () => {
    expect(comments.map(({ words, place, line }) => [words, place, line])).toEqual([
      ['behind code', 'code', 1],
      ['inside', 'code', 2],
      ['Beside the code.', 'prose', 4],
      ['Stays with its member.', 'code', 6],
      ['Two lines\nof one comment.', 'prose', 10],
      ['y = a·b', 'code', 15],
    ]);
  });

  it('cut a file into sections that have every line of code once, and formulas beside it', () => {
    const sections = sectionsOf(text.split('\n'), comments);
    expect(sections.map(({ first, last, comments: above }) => [above[0]?.words, first, last])).toEqual([
      [undefined, 1, 3],
      ['Beside the code.', 5, 9],
      ['Two lines\nof one comment.', 12, 14],
      ['y = a·b', 16, 17],
    ]);
  });

  it('lose their signs and keep what is indented', () => {
    expect(wordsOf('/**\n * One.\n *\n *     x = y\n */')).toBe('One.\n\n    x = y');
  });

  it('stand behind imports, which are told from code', () => {
    const lines = ["import a from 'a';", 'import {', '  b,', "} from 'b';", '', 'const c = 1;'];
    expect(importsIn(lines, 1, 6)).toBe(4);
  });
});

const library: Library = {
  files: ['src/a/b.ts', 'src/a/c.ts', 'docs/errors.md', 'docs/decisions/0001-x.md'],
  has: (path) => library.files.includes(path),
  hasFolder: (path) => path.replace(/\/$/, '') === 'src/a',
  text: () => 'export const there = 1;',
  errorCodes: new Set(['shape/range', 'options/type']),
  names: new Set(['there']),
  papers: readPapers(
    'flora | Hao, Cao and Mou | Flora: low-rank | ICML 2024 | 2402.03293 | Flora\nadam | Kingma and Ba | Adam: a method | 2014 | 1412.6980',
  ),
};
const problems = (words: string): string[] =>
  checkCitations({ path: 'src/a/b.ts', line: 10, words }, library).problems.map(
    ({ path, line, message }) => `${path}:${line}: ${message}`,
  );

describe('citations', () => {
  it.each([
    'Found in src/a/c.ts, `c.ts`, `src/a/`, src/a, and in `there` in `c.ts`.',
    'See {@link there} and decision 0001.',
    'A name of an example: src/tensor/ops/FAMILY/NAME.ts, `lift-*.ts`.',
    '@throws ShapeError `shape/range`, `options/…`',
    '@see Hao, Cao and Mou, "Flora: low-rank", ICML 2024, Algorithm 2; Kingma and Ba, "Adam: a method", arXiv 1412.6980.',
    '@see Flora (Hao, Cao and Mou, ICML 2024), theorem 2.4',
    '@see there, which is beside; PyTorch; https://example.org/a',
  ])('hold: %s', (words) => {
    expect(problems(words)).toEqual([]);
  });

  it.each([
    ['One.\nSee `gone.ts`.', 'src/a/b.ts:11: `gone.ts` is no file here'],
    ['See src/a/gone.ts.', 'src/a/b.ts:10: src/a/gone.ts is no file or folder'],
    ['`missing` in `c.ts`', '`missing` is not in src/a/c.ts'],
    ['{@link gone}', '{@link gone} names nothing that is exported'],
    ['As decided (D12).', '(D12) is no record here'],
    ['As in decision 0002.', 'decision 0002 has no record'],
    ['@throws ShapeError `shape/gone`', 'the error code shape/gone has no heading in docs/errors.md'],
    ['@throws ShapeError `gone/…`', 'the error code gone/… has no heading'],
    ['@see "A paper that is not there", 2024.', '"A paper that is not there" is no paper of the bibliography'],
    ['It is in arXiv 1234.56789.', 'arXiv 1234.56789 is no paper of the bibliography'],
    ['@see "Adam: a method", arXiv 2402.03293.', '"Adam: a method" is not the title of arXiv 2402.03293'],
    ['@see Flora (Hao, Cao and Mou, ICML 2023)', 'ICML 2023 is not where flora was published; expected ICML 2024'],
    ['@see Mou et al., "Adam: a method".', 'Mou is no author of adam; expected Kingma and Ba'],
    ['@see nothing at all', 'no paper of the bibliography, no name that is exported and no address'],
  ])('are broken: %s', (words, message) => {
    expect(problems(words)).toHaveLength(1);
    expect(problems(words)[0]).toContain(message);
  });

  it('name what to make a link of', () => {
    const cited = papersOf('Hao, Cao and Mou, "Flora: low-rank", ICML 2024; arXiv 1412.6980', library);
    expect(cited.map(({ citation }) => [citation?.paper.key, citation?.words])).toEqual([
      ['flora', 'Flora: low-rank'],
      ['adam', 'arXiv 1412.6980'],
    ]);
  });

  it('refuse a row of the bibliography without a year', () => {
    expect(() => readPapers('key | authors | title | ICML')).toThrow(/no paper: "key/);
  });
});

describe('laws', () => {
  const texts: Record<string, string> = {
    'src/laws/op.ts': "\n\nopLaw('the vjp equals differences', f);\nopLaw('the value is right', g);",
    'src/laws/rows.ts':
      "randomLaw('rows: softmax', () => {\n  b.softmax(x);\n});\nrandomLaw('rows: norm', () => b.norm(x));",
    'test/ops.ts': "import { mul } from '../a';\nrow('add', add);\nrow('mul: twice', mul);",
    'test/unit.test.ts': "it('multiplies by hand', () => {\n  mul(1, 2);\n});",
  };
  const files = {
    files: Object.keys(texts),
    has: (path: string) => path in texts,
    text: (path: string) => texts[path] ?? '',
  };
  const row: LawRow = {
    room: 'an op',
    files: /^src\/ops\//,
    laws: [
      { file: 'src/laws/op.ts', name: 'the value is right' },
      { file: 'src/laws/op.ts', name: 'the vjp equals differences', of: /^dx/ },
    ],
    rows: ['test/*.ts'],
  };
  const formula = { symbol: 'mul', source: 'y = a·b', subject: 'values' } as const;
  const mul = { path: 'src/ops/mul.ts', exports: ['mul'] };
  const places = (checks: Checks, of: Parameters<Checks['of']>): string[] =>
    checks.of(...of).map(({ file, line, title }) => `${file}:${line} ${title}`);

  it('are found by their names, with the row and the test of what is under test', () => {
    const checks = new Checks(files, [row]);
    expect(checks.broken).toEqual([]);
    expect(places(checks, [mul, formula])).toEqual([
      'src/laws/op.ts:4 the value is right',
      'test/ops.ts:3 row mul: twice',
      'test/unit.test.ts:1 multiplies by hand',
    ]);
    expect(places(checks, [mul, { ...formula, source: 'dx = g·b' }])[1]).toContain('the vjp equals differences');
  });

  it('check nothing that no row names, unless something that is named uses it', () => {
    const checks = new Checks(files, [row]);
    const helper = { path: 'src/ops/helper.ts', exports: ['helper'] };
    expect(places(checks, [helper, { ...formula, symbol: 'helper' }])).toEqual([]);
    expect(checks.of({ ...helper, users: [mul] }, { ...formula, symbol: 'helper' })[0]?.by).toBe('src/ops/mul.ts');
  });

  it('do not look at counts of work', () => {
    expect(places(new Checks(files, [row]), [mul, { ...formula, subject: 'work' }])).toEqual([]);
  });

  it('of a family are those that try the function of the formula', () => {
    const family = { room: 'a kernel', files: /^kernels\//, families: { rows: 'src/laws/rows.ts' } };
    const kernel = { path: 'kernels/rows.ts', exports: ['norm', 'softmax'] };
    expect(places(new Checks(files, [family]), [kernel, { ...formula, symbol: 'norm' }])).toEqual([
      'src/laws/rows.ts:4 rows: norm',
    ]);
  });

  it.each([
    [{ ...row, laws: [{ file: 'src/laws/op.ts', name: 'a law of before' }] }, "no law named 'a law of before'"],
    [{ ...row, laws: [{ file: 'src/laws/gone.ts', name: 'x' }] }, 'src/laws/gone.ts is no file'],
    [{ ...row, rows: ['test/gone/*.ts'] }, 'test/gone/*.ts matches no file'],
    [{ ...row, families: { rows: 'src/laws/gone.ts' } }, 'src/laws/gone.ts is no file'],
  ])('that are not there are broken, and said so', (broken, message) => {
    expect(new Checks(files, [broken]).broken.map((one) => one.message).join()).toContain(message);
  });
});

describe('the tour', () => {
  const markdown = `# An hour

Two stops.

## The engine

**0. The idea (8 min):** \`src/a/b.ts\`, then \`src/a/c.ts\`.
_Why? And how?_

Answer: Because.

**1. More (3 min):** \`src/a/c.ts\` and \`src/a/gone.ts\`. _What?_ (See \`b\`.)

## Ten questions

Each has an answer.

1. _Where?_ Here,
   or there.
2. _When?_ Now.

That is all.`;
  const tour = readTour(markdown, (path) => library.has(path));

  it('has a page for each stop and each other section', () => {
    expect(tour.stops.map(({ slug, title, minutes, part }) => [slug, title, minutes, part])).toEqual([
      ['0', 'The idea', 8, 'The engine'],
      ['1', 'More', 3, 'The engine'],
      ['ten-questions', 'Ten questions', undefined, undefined],
    ]);
    expect([tour.title, tour.intro]).toEqual(['An hour', 'Two stops.']);
  });

  it('keeps questions, hints and answers apart from the text', () => {
    const [first, second, list] = tour.stops;
    expect(first).toMatchObject({
      text: '`src/a/b.ts`, then `src/a/c.ts`.',
      question: 'Why? And how?',
      answer: 'Because.',
    });
    expect(second).toMatchObject({ question: 'What?', hint: '(See `b`.)' });
    expect(list).toMatchObject({
      text: 'Each has an answer.',
      list: [
        { question: 'Where?', answer: 'Here,\nor there.' },
        { question: 'When?', answer: 'Now.' },
      ],
      after: 'That is all.',
    });
  });

  it('knows the files of a stop, and names those that are not there', () => {
    expect(tour.stops[0]?.files).toEqual(['src/a/b.ts', 'src/a/c.ts']);
    expect(tour.missing).toEqual([{ path: 'src/a/gone.ts', line: 12 }]);
  });
});

it('addresses are relative to the page, with an anchor', () => {
  expect(relative('source/src/a/b.ts.html', 'source/src/c.ts.html#L4')).toBe('../c.ts.html#L4');
  expect(relative('source/index.html', 'source/index.html#x')).toBe('#x');
  expect(relative('source/src/a/b.ts.html', 'docs/errors.html')).toBe('../../../docs/errors.html');
});
