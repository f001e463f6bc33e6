import { mkdirSync, writeFileSync } from 'node:fs';
import { renderFigures } from '../../../src/cli/figures/render';
import { darkOf } from '../../../src/cli/figures/themed';
import type { Figure } from '../../../src/study/figure';
import { ground } from '../../../src/study/figure-look';
import { type PageFigure, pageFigures } from './of-pages';
import { tableAt } from './table';

/** A figure, and the line of its document that it stands before. */
export interface PlacedFigure {
  readonly figure: Figure;
  readonly line: number;
}

/** The figures of every document, by its path. */
export type PlacedFigures = ReadonlyMap<string, readonly PlacedFigure[]>;

/**
 * Figures of the tables in documents.
 * @throws Error which figure, document and line: where a table is not what it was
 */
export function placeFigures(read: (path: string) => string, list: readonly PageFigure[] = pageFigures): PlacedFigures {
  const placed = new Map<string, PlacedFigure[]>();
  for (const { page, place, figureOf } of list) {
    try {
      const table = tableAt(read(page), place);
      placed.set(page, [...(placed.get(page) ?? []), { figure: figureOf(table), line: table.line }]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${page}, the figure below "${place.heading}": ${why}. Mend site/pages/figures/of-pages.ts`);
    }
  }
  return placed;
}

/** Write `NAME.svg`, `NAME-dark.svg` and `NAME.vl.json` of every figure into a folder; `program` draws one in a process. */
export async function writeFigures(placed: PlacedFigures, folder: string, program: string): Promise<void> {
  const figures = [...placed.values()].flat().map(({ figure }) => figure);
  const svgs = await renderFigures(figures, program);
  mkdirSync(folder, { recursive: true });
  for (const [i, { name, spec }] of figures.entries()) {
    const svg = (svgs[i] as string).replace(/<style>[^<]*<\/style>/, '');
    writeFileSync(`${folder}/${name}.svg`, svg);
    writeFileSync(`${folder}/${name}-dark.svg`, dark(svg));
    writeFileSync(`${folder}/${name}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`);
  }
}

/** The page's own switch decides between light and dark, which a picture in it cannot see: so there are two pictures. */
function dark(svg: string): string {
  const colours: Readonly<Record<string, string>> = { ...darkOf, [ground]: '#1b1b1f' }; // the ground is that of the page
  return svg.replace(/"(#[0-9a-f]{6})"/g, (whole, colour: string) =>
    colours[colour] ? `"${colours[colour]}"` : whole,
  );
}

/** A document with its figures, each before its table. */
export function embed(markdown: string, placed: readonly PlacedFigure[]): string {
  const lines = markdown.split('\n');
  for (const { figure, line } of [...placed].sort((a, b) => b.line - a.line))
    lines.splice(line - 1, 0, ...pictureOf(figure), '');
  return lines.join('\n');
}

function pictureOf({ name, title, caption }: Figure): string[] {
  const alt = title.replaceAll(/[[\]]/g, '\\$&');
  return [
    `![${alt}](/figures/${name}.svg){.figure .for-light}`,
    `![${alt}](/figures/${name}-dark.svg){.figure .for-dark}`,
    '',
    `${caption.replaceAll('*', '\\*')} [SVG](/figures/${name}.svg){target="_self"}, [data and drawing for Vega-Lite](/figures/${name}.vl.json){target="_self"}; the numbers are those of the table. {.caption}`,
  ];
}
