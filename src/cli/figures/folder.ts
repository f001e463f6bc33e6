import { mkdir } from 'node:fs/promises';
import { writing } from '../../node/write';
import type { Figure } from '../../study/figure';
import { version } from '../info/info';
import { checkFolder, outputFile } from '../output-file';
import { csvOf } from './csv';

/** What a study found, as it is kept. */
export interface Found {
  /** Which question was asked. */
  readonly question: string;
  /** The command line, to repeat it. */
  readonly command: string;
  readonly seed: number;
  readonly rows: readonly object[];
}

/** Rows with what is needed to have them again: nothing of it depends on when, where or how fast they were computed. */
export const recordOf = ({ question, command, seed, rows }: Found) => ({
  question,
  command,
  seed,
  versions: { floragrad: version() },
  rows,
});

/**
 * Check now that the files can be written later. Nothing of the try stays.
 * @throws FileError `file/write`
 */
export const checkFiguresFolder = (path: string): Promise<void> => checkFolder(path, []);

/**
 * Write `NAME.svg` and `NAME.vl.json` for each figure, `rows.csv`, `rows.json`, and `timings.json` where there are any: how
 * long things took is kept apart, so that all other files are the same each time. Each file replaces an older one at once.
 * @returns the names of the files
 * @throws FileError `file/write`
 */
export async function writeFigures(
  folder: string,
  found: Found & { readonly figures: readonly Figure[]; readonly svgs: readonly string[]; readonly timings?: unknown },
): Promise<string[]> {
  const { figures, svgs, timings } = found;
  const files: [name: string, text: string][] = [
    ...figures.flatMap(({ name, spec }, i): [string, string][] => [
      [`${name}.svg`, svgs[i] as string],
      [`${name}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`],
    ]),
    ['rows.csv', csvOf(found.rows)],
    ['rows.json', `${JSON.stringify(recordOf(found), null, 2)}\n`],
    ...(timings === undefined ? [] : [['timings.json', `${JSON.stringify(timings, null, 2)}\n`] as [string, string]]),
  ];
  await writing(folder, () => mkdir(folder, { recursive: true }));
  for (const [name, text] of files) await (await outputFile(name, folder)).write(text);
  return files.map(([name]) => name);
}
