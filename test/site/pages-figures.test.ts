import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { intervalsFigure } from '../../site/pages/figures/intervals';
import { pageFigures } from '../../site/pages/figures/of-pages';
import { column, intervalIn, numberIn, numberOf, tableAt } from '../../site/pages/figures/table';
import { embed, placeFigures } from '../../site/pages/figures/write-figures';

const markdown = `# Page

## One

| a | b |
| - | -: |
| x | 1,024 |
| y | 0.013 [-0.003, 0.023] |

### Part of one

| c |
| --- |
| 1.80 (1.72–2.57) |

## Two

\`\`\`md
| no |
| --- |
\`\`\`
`;

describe('tables of documents', () => {
  it('are found below their headings, parts of a section among them', () => {
    expect(tableAt(markdown, { heading: 'One' })).toEqual({
      line: 5,
      columns: ['a', 'b'],
      rows: [
        ['x', '1,024'],
        ['y', '0.013 [-0.003, 0.023]'],
      ],
    });
    expect(tableAt(markdown, { heading: 'One', index: 1 }).columns).toEqual(['c']);
    expect(tableAt(markdown, { heading: 'Part of one' }).line).toBe(12);
  });

  it('are refused where they changed their place or shape', () => {
    expect(() => tableAt(markdown, { heading: 'Three' })).toThrow('there is no heading "Three"');
    expect(() => tableAt(markdown, { heading: 'Two' })).toThrow('below "Two" there are 0 tables');
    expect(() => tableAt('## B\n\n## C\n\n| a |\n| - |\n| x |\n', { heading: 'B' })).toThrow('there are 0 tables');
    expect(() => tableAt(markdown, { heading: 'Part of one', index: 1 })).toThrow('there are 1 tables');
    expect(() => tableAt('# A\n\n| a | b |\n| - | - |\n| x |\n', { heading: 'A' })).toThrow('line 5 has 1 cells');
    expect(() => column(tableAt(markdown, { heading: 'One' }), 'z')).toThrow('has no column "z", but "a", "b"');
  });

  it.each([
    ['4,202,496', 4202496],
    ['-0.013', -0.013],
    ['3.5e-28', 3.5e-28],
    ['diverged', null],
    ['', null],
    ['0.064 (edge)', null],
    ['1,02', null],
  ])('a number: %s', (cell, value) => expect(numberIn(cell)).toBe(value));

  it('an interval has its number and both ends', () => {
    expect(intervalIn('0.013 [-0.003, 0.023]')).toEqual({ y: 0.013, low: -0.003, high: 0.023 });
    expect(intervalIn('1.80 (1.72–2.57)')).toEqual({ y: 1.8, low: 1.72, high: 2.57 });
    expect(intervalIn('–')).toBeNull();
    expect(intervalIn('0.013')).toBeNull();
    expect(() => numberOf('–')).toThrow('"–" is in a place of a number');
  });
});

const read = (path: string): string => readFileSync(path, 'utf8');
const placed = placeFigures(read);
const figureNamed = (name: string) => {
  const found = [...placed.values()].flat().find(({ figure }) => figure.name === name);
  if (!found) throw new Error(`there is no figure ${name}`);
  return found.figure;
};

describe('figures of the pages', () => {
  it('are made of the tables as they are', () => {
    expect([...placed.values()].flat()).toHaveLength(pageFigures.length);
    expect(new Set([...placed.values()].flat().map(({ figure }) => figure.name)).size).toBe(pageFigures.length);
  });

  it('have every number of the table, and none that diverged', () => {
    const { measured } = figureNamed('refresh-linear').spec.datasets as {
      measured: { curve: string; x: unknown; y: unknown }[];
    };
    expect(measured).toHaveLength(36);
    const table = read('docs/results.md').match(/^\| +4 \| reset .*$/m)?.[0] ?? '';
    const shown = measured.filter(({ curve }) => curve === 'rank 4, reset').map(({ y }) => y);
    expect(shown).toEqual(table.split('|').slice(3, 9).map(Number));
    expect(measured.filter(({ y }) => y === null).map(({ curve, x }) => `${curve} ${x}`)).toEqual([
      'rank 2, transfer 5',
      'rank 4, transfer 5',
    ]);
  });

  it('hold a floor against what it bounds', () => {
    const { measured, theory } = figureNamed('stages-linear').spec.datasets as Record<
      string,
      { x: number; y: number }[]
    >;
    expect(theory?.map(({ x }) => x)).toEqual([1, 2, 4, 8]);
    for (const [i, { y }] of (measured ?? []).entries()) expect(y).toBeLessThan((theory?.[i]?.y ?? 0) + 0.01);
  });

  it('name the document and the heading of a table that changed', () => {
    const changed = (path: string): string => read(path).replaceAll('| lower than LoRA by ', '| gain                ');
    expect(() => placeFigures(changed)).toThrow(
      /^docs\/adapters\.md, the figure below "Where rank limits: the text backwards": the table in line \d+ has no column "lower than LoRA by"/,
    );
  });

  it('colour a row by where its whole interval is', () => {
    const { spec } = intervalsFigure({
      name: 'x',
      title: 'x',
      caption: 'x',
      axis: 'x',
      equal: 0,
      rows: [
        { name: 'small', y: -1, low: -2, high: 1 },
        { name: 'large', y: 3, low: 2, high: 4 },
      ],
    });
    expect((spec.data as { values: { name: string }[] }).values.map(({ name }) => name)).toEqual(['large', 'small']);
    expect((spec.transform as { calculate: string }[])[0]?.calculate).toBe(
      "datum.low > 0 ? 'above' : datum.high < 0 ? 'below' : 'untold'",
    );
  });

  it('stand before their tables, one picture for light and one for dark', () => {
    const figure = figureNamed('state');
    const lines = embed('a\n\n| t |\n| - |\n', [{ figure, line: 3 }]).split('\n');
    expect(lines.slice(0, 2)).toEqual(['a', '']);
    expect(lines[2]).toBe(
      '![Bytes of optimizer state for one weight n × n, rank 16](/figures/state.svg){.figure .for-light}',
    );
    expect(lines[3]).toContain('/figures/state-dark.svg){.figure .for-dark}');
    expect(lines.at(-3)).toBe('| t |');
  });
});
