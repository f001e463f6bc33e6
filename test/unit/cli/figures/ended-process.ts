import { reportIfEnded } from '../../../../src/cli/figures/partial';
import { renderFigures } from '../../../../src/cli/figures/render';
import { outputFile } from '../../../../src/cli/output-file';
import { screen } from '../../../../src/cli/terminal/io';
import { curvesFigure } from '../../../../src/study';

// Started by figures.test.ts: works for ever, and has a partial report. Arguments: the file, and the program that draws.
const [file, program] = process.argv.slice(2) as [string, string];
const figure = curvesFigure({
  name: 'so-far',
  title: 'So far',
  caption: 'c',
  x: { title: 'x' },
  y: { title: 'y' },
  curves: [{ label: 'a', points: [{ x: 1, y: 2 }] }],
});
const out = screen({ stdout: process.stdout, stderr: process.stderr, cwd: '.', env: {} }, undefined);
const report = { figures: [figure], page: (svgs: readonly (string | null)[]) => `page with ${svgs[0]}` };
reportIfEnded(
  await outputFile(file, '.'),
  out,
  () => report,
  (figures) => renderFigures(figures, program),
);
setInterval(() => {}, 1000);
process.stdout.write('working\n');
