import { backend, OptionError, setThreads } from '../index';
import { type ProjectionErrorRow, projectionError } from '../study';
import { count } from './format';
import { type Io, screen } from './io';
import { commandLine, commonOptions, describeOptions, type OptionSpecs, parseOptions, threadOption } from './options';
import { outputFile } from './output-file';
import { progress } from './progress';
import { projectorHelp, projectorNamed, projectorNames, usualProjectors } from './projectors';
import { studyPage } from './report/study-page';
import { explainStudy, studyColumns } from './study-summary';
import { textTable } from './table';
import { backendLine } from './train-summary';
import { choice, list, matrixShape, threadCount, wholeNumber } from './values';

const studyOptions = {
  projector: { value: 'LIST', help: `what to compare, or all [${usualProjectors.join()}]` },
  shape: { value: 'LIST', help: 'rows x columns of the gradient, as in 256x512 [256x512]' },
  rank: { value: 'LIST', help: 'ranks to project to [4,16,64]' },
  trials: { value: 'N', help: 'independent projections behind each row [200]' },
  report: { value: 'FILE', help: 'write a page with error against rank, one HTML file' },
  ...threadOption,
  ...commonOptions,
} satisfies OptionSpecs;

const studyHelp = `floragrad study: what projecting a gradient down and up again does to it

For random gradients it measures the mean squared error beside what theory says, and
tests whether the projection keeps the gradient on average (whether it is unbiased).

${describeOptions(studyOptions)}

Projectors
${projectorHelp}

Example
  floragrad study --projector gaussian,haar --shape 256x512 --rank 4,16,64 --report study.html
`;

export async function study(argv: readonly string[], io: Io): Promise<void> {
  const given = parseOptions('study', studyOptions, argv);
  if (given === null) return void io.stdout.write(studyHelp);
  const wanted = given.projector === 'all' ? projectorNames.join() : (given.projector ?? usualProjectors.join());
  const names = list(wanted, (item) => choice('projector', item, projectorNames));
  const shapes = list(given.shape ?? '256x512', (item) => item).map((item) => matrixShape('shape', item));
  const ranks = list(given.rank ?? '4,16,64', (item) => wholeNumber('rank', item, { low: 1 }));
  const trials = wholeNumber('trials', given.trials ?? '200', { low: 2 });
  const seed = wholeNumber('seed', given.seed ?? '0', { low: 0 });
  const threads = threadCount(given.threads);
  for (const shape of shapes) for (const rank of ranks) checkRank(rank, shape);
  const report = given.report === undefined ? null : await outputFile(given.report, io.cwd);
  const json = given.json === undefined || given.json === '-' ? null : await outputFile(given.json, io.cwd);

  await setThreads(threads);
  const out = screen(io, given.json);
  const total = names.length * shapes.length * ranks.length;
  out.line(`${out.paint.dim('study')}  ${total} combinations of ${count(trials)} trials each, seed ${seed}`);
  out.line(`${out.paint.dim('backend')}  ${backendLine(backend().describe())}`);
  const shown = progress(out, 'combination', total);
  const rows: ProjectionErrorRow[] = [];
  for (const [height, width] of shapes) {
    for (const name of names) {
      for (const rank of ranks) {
        const projector = projectorNamed(name);
        rows.push(await projectionError({ projector, rows: height, columns: width, rank, trials, seed }));
        shown.update(rows.length, `${name} ${height}x${width} rank ${rank}`);
      }
    }
  }
  shown.stop();
  out.line();
  const [headings, rule, ...lines] = textTable(studyColumns, rows);
  out.line(out.paint.bold(headings));
  out.line(out.paint.dim(rule));
  for (const line of lines) out.line(line);
  out.line();
  for (const line of explainStudy()) out.line(out.paint.dim(line));

  const command = commandLine('study', argv);
  await report?.write(studyPage(rows, command));
  await json?.write(`${JSON.stringify(rows, null, 1)}\n`);
  if (given.json === '-') io.stdout.write(`${JSON.stringify(rows)}\n`);
  if (report) out.line(`\nReport with the curves: ${out.paint.cyan(report.path)}`);
  if (json) out.line(`All numbers: ${out.paint.cyan(json.path)}`);
}

function checkRank(rank: number, [rows, columns]: readonly [number, number]): void {
  const smaller = Math.min(rows, columns);
  if (rank <= smaller) return;
  throw new OptionError({
    code: 'cli/rank',
    got: `--rank ${rank} for a gradient of ${rows}x${columns}`,
    expected: `a rank of at most ${smaller}, its smaller side`,
    fix: 'lower the rank, or raise --shape',
  });
}
