import { backend } from '../../index';
import { refreshRuns, refreshTable } from '../../study/refresh-table';
import { breathe } from '../breathe';
import { command } from '../command';
import { rank, threads } from '../common-options';
import { checkRank } from '../limits';
import { option } from '../options';
import { refreshPage } from '../report/refresh-page';
import { backendLine, count } from '../terminal/format';
import { progress } from '../terminal/progress';
import { showResults } from '../terminal/table';
import { steps as interval, listOf, oneOf, positive, whole, words } from '../values';
import { projectorNamed, projectorNames } from './projectors';
import { curvesOf, explainRefresh, refreshColumns } from './refresh-summary';

const learningRates = [0.003, 0.01, 0.03, 0.1];

export const refresh = command({
  name: 'study refresh',
  summary: 'does a new projection help, and what should become of the momentum?',
  purpose: 'does a new projection help, and what should become of the momentum?',
  about: `A linear teacher of full rank is learned from its exact gradient by momentum in a subspace. The
numbers say how much of it is left; the learning rate of each is the best of a grid, on another seed.`,
  notes: `Example
  floragrad study refresh --rank 2,4 --every 5,10,20,50,150,never --report refresh.html`,
  options: {
    rank: option(listOf(rank), 'LIST', 'rows of the projection', [2, 4]),
    every: {
      ...option(listOf(interval), 'LIST', 'steps between new projections, or never', [5, 10, 20, 50, 150, Infinity]),
      shown: '5,10,20,50,150,never',
    },
    onRefresh: option(
      listOf(oneOf(['transfer', 'reset', 'keep'])),
      'LIST',
      'what a new projection does to the momentum',
      ['transfer', 'reset', 'keep'],
    ),
    projector: option(oneOf(projectorNames, { listed: false }), 'NAME', 'how gradients are projected', 'gaussian'),
    dimension: option(whole(1, 4096), 'N', 'rows and columns of the teacher', 32),
    steps: option(whole(1, 1_000_000), 'N', 'steps of each training', 1500),
    momentum: option(positive({ below: 1 }), 'B', 'weight of the past in the momentum', 0.9),
    seeds: option(whole(1, 1000), 'N', 'teachers, counted up from the seed after --seed', 3),
    report: { ...option(words, 'FILE', 'write a page with the curves, one HTML file'), output: true },
    threads,
  },

  check({ rank: ranks, dimension }) {
    for (const rank of ranks) checkRank(rank, [dimension, dimension], '');
    return {};
  },

  async run(settings, { out, command }) {
    const { rank: ranks, every: intervals, onRefresh: policies, projector, momentum, ...rest } = settings;
    const { dimension, steps, seeds, seed } = rest;
    const { dim } = out.paint;
    const total = refreshRuns({ ranks, intervals, policies, learningRates, seeds });
    out.line(dim('study'), `  up to ${count(total)} trainings of ${count(steps)} steps, seed ${seed}`);
    out.line(dim('backend'), `  ${backendLine(backend().describe())}`);
    const shown = progress(out, 'training', total);
    const options = { ranks, intervals, policies, learningRates, decay: momentum, dimension, steps, seeds, seed };
    const onRun = (run: number): Promise<void> => {
      shown.update(run, '');
      return breathe();
    };
    const rows = await refreshTable({ ...options, projector: projectorNamed(projector), onRun }).finally(shown.stop);
    out.line();
    showResults(out, refreshColumns(rows), curvesOf(rows), explainRefresh);
    return { numbers: rows, report: { shows: 'the curves', page: () => refreshPage(rows, command) } };
  },
});
