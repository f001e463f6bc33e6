import { backend, random, type Tensor } from '../../index';
import { gradientFamilies, projectionError } from '../../study';
import { checkTrials, leastTrials } from '../../study/projection-error';
import { breathe } from '../breathe';
import { loadCaptured } from '../captured';
import { command } from '../command';
import { rank, threads } from '../common-options';
import { namedPath } from '../files';
import { glob } from '../glob';
import { checkGradient, checkRank } from '../limits';
import { option } from '../options';
import { errorPage } from '../report/error-page';
import { backendLine, count } from '../terminal/format';
import { progress } from '../terminal/progress';
import { showResults } from '../terminal/table';
import { listOf, matrixShape, oneOf, whole, words } from '../values';
import { explainStudy, type StudyRow, studyColumns } from './error-summary';
import { projectorHelp, projectorNamed, projectorNames, usualProjectors } from './projectors';
import { familyNames, type Source, source } from './sources';

export const error = command({
  name: 'study',
  summary: 'measure the error of gradient projections against theory',
  purpose: 'what projecting a gradient down and up again does to it',
  about: `For random gradients it measures the mean squared error beside what theory says, and
tests whether the projection keeps the gradient on average (whether it is unbiased).`,
  notes: `Other questions
  floragrad study refresh    does a new projection help, and what should become of the momentum?

Projectors
${projectorHelp}

Example
  floragrad study --projector gaussian,haar --shape 256x512 --rank 4,16,64 --report study.html`,
  options: {
    projector: option(
      listOf(oneOf(['all', ...projectorNames], { listed: false })),
      'LIST',
      'what to compare, or all',
      usualProjectors,
    ),
    shape: {
      ...option(listOf(matrixShape), 'LIST', 'rows x columns of the gradient', [[256, 512]]),
      shown: '256x512',
    },
    gradient: {
      ...option(
        listOf(source),
        'LIST',
        `what is projected: ${familyNames.join(', ')}, or captured:FILE of floragrad train --capture`,
        [{ family: 'gaussian' }],
      ),
      shown: 'gaussian',
    },
    parameters: {
      ...option(words, 'GLOB', 'which captured gradients; * stands for any characters', '*'),
      needs: ['gradient'],
    },
    rank: option(listOf(rank), 'LIST', 'ranks to project to', [4, 16, 64]),
    trials: option(whole(1, 1_000_000), 'N', `independent projections behind each row, at least ${leastTrials}`, 400),
    report: { ...option(words, 'FILE', 'write a page with error against rank, one HTML file'), output: true },
    threads,
  },

  check({ trials, shape: shapes, rank: ranks, gradient: sources }, { cwd }) {
    checkTrials(trials);
    for (const shape of shapes) {
      checkGradient(shape);
      if (sources.some((one) => 'family' in one)) for (const rank of ranks) checkRank(rank, shape, '');
    }
    return { read: sources.map((one) => ('file' in one ? namedPath('gradient', one.file, cwd) : undefined)) };
  },

  async run(
    { projector, shape: shapes, gradient: sources, parameters, rank: ranks, trials, seed },
    { out, cwd, command },
  ) {
    const { dim } = out.paint;
    const names = projector.includes('all') ? projectorNames : projector;
    const studied = (
      await Promise.all(sources.map((one) => gradientsOf(one, { shapes, seed, parameters, cwd })))
    ).flat();
    for (const { name, shape } of studied) for (const rank of ranks) checkRank(rank, shape, ` ${name}`);
    const total = names.length * studied.length * ranks.length;
    out.line(dim('study'), `  ${total} combinations of ${count(trials)} trials each, seed ${seed}`);
    out.line(dim('backend'), `  ${backendLine(backend().describe())}`);
    const shown = progress(out, 'combination', total);
    const rows: StudyRow[] = [];
    try {
      for (const { name: gradient, make } of studied) {
        for (const name of names) {
          for (const rank of ranks) {
            const what = `${name} ${gradient} rank ${rank}`;
            const onTrial = pulse((trial: number) => shown.update(rows.length, `${what}, trial ${count(trial)}`));
            const options = { gradient: make(), rank, trials, seed, onTrial };
            rows.push({ gradient, ...(await projectionError({ projector: projectorNamed(name), ...options })) });
            shown.update(rows.length, what);
          }
        }
      }
    } finally {
      shown.stop();
    }
    out.line();
    showResults(out, studyColumns, rows, explainStudy());
    return { numbers: rows, report: { shows: 'the curves', page: () => errorPage(rows, command) } };
  },
});

/** A gradient of a study, and what it is called. */
interface Studied {
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  make(): Tensor;
}

async function gradientsOf(
  one: Source,
  at: { shapes: readonly (readonly [number, number])[]; seed: number; parameters: string; cwd: string },
): Promise<Studied[]> {
  if ('family' in one) {
    return at.shapes.map((shape) => ({
      name: `${one.family} ${shape.join('x')}`,
      shape,
      make: () => gradientFamilies[one.family](random.fold(random.key(at.seed), 'gradient'), shape),
    }));
  }
  const captured = await loadCaptured(one.file, at.cwd, glob(at.parameters));
  return captured.map(({ name, gradient }) => ({
    name,
    shape: gradient.shape as readonly [number, number],
    make: () => gradient,
  }));
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
