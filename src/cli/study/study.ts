import { backend, OptionError, setThreads } from '../../index';
import { type ProjectionErrorRow, projectionError } from '../../study';
import { checkTrials, leastTrials } from '../../study/projection-error';
import { checkApart, namedPath } from '../files';
import { checkGradient } from '../limits';
import { commandLine, commonOptions, describeOptions, type OptionSpecs, parseOptions, threadOption } from '../options';
import { optionalFile } from '../output-file';
import { studyPage } from '../report/study-page';
import { count } from '../terminal/format';
import { type Io, printJson, screen } from '../terminal/io';
import { progress } from '../terminal/progress';
import { showTable } from '../terminal/table';
import { trainingBounds } from '../train/options';
import { breathe } from '../train/run';
import { backendLine } from '../train/summary';
import { listOf, matrixShape, oneOf, whole, words } from '../values';
import { projectorHelp, projectorNamed, projectorNames, usualProjectors } from './projectors';
import { explainStudy, studyColumns } from './summary';

const studyOptions = {
  projector: {
    value: 'LIST',
    of: listOf(oneOf(['all', ...projectorNames], { listed: false })),
    otherwise: usualProjectors,
    help: 'what to compare, or all',
  },
  shape: {
    value: 'LIST',
    of: listOf(matrixShape),
    otherwise: [[256, 512]],
    help: 'rows x columns of the gradient',
    shown: '256x512',
  },
  rank: { value: 'LIST', of: listOf(trainingBounds.rank), otherwise: [4, 16, 64], help: 'ranks to project to' },
  trials: {
    value: 'N',
    of: whole(1, 1_000_000),
    otherwise: 200,
    help: `independent projections behind each row, at least ${leastTrials}`,
  },
  report: { value: 'FILE', of: words, help: 'write a page with error against rank, one HTML file' },
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
  const parsed = parseOptions('study', studyOptions, argv);
  if (parsed === null) return void io.stdout.write(studyHelp);
  const { shape: shapes, rank: ranks, trials, seed, threads, json } = parsed.values;
  const names = parsed.values.projector.includes('all') ? projectorNames : parsed.values.projector;
  checkTrials(trials);
  for (const shape of shapes) {
    checkGradient(shape);
    for (const rank of ranks) checkRank(rank, shape);
  }
  const files = (['report', 'json'] as const).map((name) => namedPath(name, parsed.values[name], io.cwd));
  await checkApart(files, []);
  const report = await optionalFile(parsed.values.report, io.cwd);
  const numbers = await optionalFile(json, io.cwd);

  await setThreads(threads);
  const out = screen(io, json);
  const { dim, cyan } = out.paint;
  const total = names.length * shapes.length * ranks.length;
  out.line(dim('study'), `  ${total} combinations of ${count(trials)} trials each, seed ${seed}`);
  out.line(dim('backend'), `  ${backendLine(backend().describe())}`);
  const shown = progress(out, 'combination', total);
  const rows: ProjectionErrorRow[] = [];
  try {
    for (const [height, width] of shapes) {
      for (const name of names) {
        for (const rank of ranks) {
          const what = `${name} ${height}x${width} rank ${rank}`;
          const onTrial = pulse((trial: number) => shown.update(rows.length, `${what}, trial ${count(trial)}`));
          const projector = projectorNamed(name);
          rows.push(await projectionError({ projector, rows: height, columns: width, rank, trials, seed, onTrial }));
          shown.update(rows.length, what);
        }
      }
    }
  } finally {
    shown.stop();
  }
  out.line();
  showTable(out, studyColumns, rows);
  for (const line of explainStudy()) out.line(dim(line));

  await report?.write(studyPage(rows, commandLine('study', argv)));
  await numbers?.write(`${JSON.stringify(rows, null, 1)}\n`);
  printJson(io, json, rows);
  out.line();
  if (report) out.line('Report with the curves: ', cyan(report.path));
  if (numbers) out.line('All numbers: ', cyan(numbers.path));
}

/** Let signals and timers run now and then, with a word about how far it is: trials alone never would. */
function pulse(say: (trial: number) => void): (trial: number) => Promise<void> | undefined {
  let last = performance.now();
  return (trial) => {
    if (performance.now() - last < 50) return;
    last = performance.now();
    say(trial);
    return breathe();
  };
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
