import { markdownTable } from '../harness/markdown';
import { fixed } from '../reproduce/format';
import { type Contender, labelOf } from './entrants';
import type { Ask } from './jobs';
import type { Setting } from './setting';
import type { Cost } from './step-costs';

/** What a step costs beside one of dense Adam: the only numbers of the page that another run does not repeat. */
export async function timesSection(
  contenders: readonly Contender[],
  { width, batch, rounds, timedRefreshEvery }: Setting,
  ask: Ask,
): Promise<string[]> {
  const all = [{ name: 'adam', rank: null }, ...contenders.filter(({ name }) => name !== 'adam')];
  const costs = (await ask('times', [{ width, batch, rounds, timedRefreshEvery, contenders: all }]))[0] ?? [];
  const ratio = (x: number | null): string => (x === null ? '–' : fixed(2)(x));
  return [
    '**Times, which no check compares.** A whole training step, forward and backward too, over that of dense Adam on the same GPT and batch:',
    `${rounds} rounds in one process on one thread, each contender a step a round; medians of the ratios within a round. A refresh is a step that`,
    `draws new projections, every ${timedRefreshEvery} steps here; "–" in the middle column means every step, in the last one none.`,
    '',
    ...markdownTable<readonly [Contender, Cost]>(
      [
        { heading: 'method', cell: ([contender]) => labelOf(contender) },
        { heading: 'step over Adam', align: 'right', cell: ([, { usual }]) => ratio(usual) },
        { heading: 'refresh step over Adam', align: 'right', cell: ([, { refresh }]) => ratio(refresh) },
      ],
      all.map((contender, i) => [contender, costs[i] as Cost] as const),
    ),
  ];
}
