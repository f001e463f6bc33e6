import { sectionsOf } from '../reproduce/page';
import { sectioned } from '../reproduce/sections';

/** The sections in their order. All but the times repeat to the byte. */
const titles = {
  catalogue: 'The catalogue',
  comparison: 'Compared on one task',
  recorded: "The authors' own numbers, followed",
  times: 'What a step costs',
  sweep: 'The search for the rates',
  apart: 'Not here, by name',
} as const;

export type SectionName = keyof typeof titles;

const introduction = [
  '# Methods',
  '',
  'Written by `npm run methods -- --write` (`bench/methods.ts`): the methods of the field that are here, one file each, what they keep, what',
  'is proven of them, and how they compare on one small task. The list is `methods` of `floragrad/study`; the command has them by name, as in',
  '`floragrad train --optimizer none,galore,apollo --rank 16`. All numbers but those of [one table](#what-a-step-costs) are of the baseline',
  'build of the kernels on one thread, so that a second run writes the same bytes.',
  '',
  'One task of a small model says little about others: read the tables as evidence that the methods work, and of what they cost.',
];

export const { sectionOf, made, pageOf, differences } = sectioned({ introduction, titles, unchecked: ['times'] });

/** What the page says of a row of the comparison: its rate, and the losses by seed as they are printed. */
interface Printed {
  readonly rate: number;
  readonly losses: readonly string[];
}

/** A row of the first table of the comparison that has it; null where there is none, or it has no rate. */
export function printedRow(page: string, label: string, seeds: number): Printed | null {
  const lines = (sectionsOf(page).get('comparison') ?? '').split('\n');
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim())).find(([, name]) => name === label);
  const rate = Number.parseFloat(cells?.[2] ?? '');
  return !cells || Number.isNaN(rate) ? null : { rate, losses: cells.slice(3, 3 + seeds) };
}
