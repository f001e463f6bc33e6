import { sectionsOf } from '../reproduce/page';
import { sectioned } from '../reproduce/sections';
import { setting, type Task } from './setting';

/** The sections in their order; there is one for each task. All repeat to the byte. */
const titles: Readonly<Record<string, string>> = {
  gates: 'What is asked first',
  found: 'What is found',
  ...Object.fromEntries(setting.tasks.map(({ name, title }) => [name, title])),
  stages: 'Stages, and the learning rate that comes with them',
  limits: 'What this does not show',
  recorded: "The authors' own numbers, followed",
  sweep: 'The search for the rates',
};

const introduction = [
  '# Adapters',
  '',
  'Written by `npm run adapters -- --write` (`bench/adapters.ts`): every method of `floragrad finetune`, on one task where the rank of a',
  'change limits what is learned and on one where it does not. The runs are those of the command; how to use an adapter is in',
  '[the guide](guides/adapters.md). All numbers are of the baseline build of the kernels on one thread, so that a second run writes the',
  'same bytes.',
];

export const { made, pageOf, differences } = sectioned<string>({ introduction, titles });

/** What the page says of a row of the search: the multiple of the row's own rate that was best, and the loss as it is printed. */
interface Printed {
  readonly multiple: number;
  readonly loss: string;
}

/** The row of a method in the search on a task; null where there is none, or every rate diverged. */
export function printedSearch(page: string, { title }: Pick<Task, 'title'>, label: string): Printed | null {
  const [, after = ''] = (sectionsOf(page).get('sweep') ?? '').split(`### ${title}\n`);
  const [own = ''] = after.split('\n### ');
  const rows = own
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const row = rows.find(([, name]) => name === label) ?? [];
  const at = row.findIndex((cell) => cell.startsWith('**'));
  const multiple = Number.parseFloat(rows[0]?.[at]?.slice(1) ?? '');
  return at < 0 || Number.isNaN(multiple) ? null : { multiple, loss: (row[at] as string).slice(2, -2) };
}
