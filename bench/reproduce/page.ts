import { markdownTable } from '../harness/markdown';
import type { Claim, Finding } from './claim';

/** What the page begins with. */
const introduction = [
  '# Results',
  '',
  'Written by `npm run reproduce -- --write` (`bench/reproduce.ts`): what Flora, LoRA, PeriodicLoRA and LoRS claim, and what comes',
  'of it in this library, on tasks that two cores train in minutes. All numbers are of the baseline build of the kernels on one',
  'thread, so that a second run writes the same bytes.',
  '',
  'How to read it. A claim is a sentence that can be false. Learning rates are chosen for each method alone, on a grid that is',
  'stated and on a seed that does not count. Numbers are means of differences between runs of one seed, which share weights and',
  "data, with Student's 95 % interval over the seeds in brackets. The **gate** comes first: does what is compressed matter on this",
  'task at all, dense against _none_? A claim **holds** or **fails** where its whole interval lies on one side of what it says; where',
  'it does not, or where the gate fails, the page **cannot tell here**. "(edge)" marks a rate at the edge of its grid.',
  '',
  'Other tables, each with the command that printed it, are in [older results](results-older.md); the task of `npm start` and',
  'its learning rates in [the main job](main-job.md).',
];

const mark = (name: string): string => `<!-- claim ${name} -->`;

/** The section of a claim, which starts with a mark that the page is read by. */
export function sectionOf({ name, title, source }: Pick<Claim, 'name' | 'title' | 'source'>, finding: Finding): string {
  return [
    mark(name),
    '',
    `## ${title}`,
    '',
    `\`npm run reproduce -- --only ${name}\` · ${source}`,
    '',
    ...finding.setting,
    '',
    ...finding.parts.map(({ statement, verdict, because }) => `- **${verdict}**: ${statement} ${because}`),
    '',
    ...finding.table,
  ].join('\n');
}

/** The sections of a page by the names in their marks. */
export function sectionsOf(page: string): Map<string, string> {
  const [, ...parts] = page.split(/^(?=<!-- (?:claim|section) )/m);
  return new Map(parts.map((part) => [/^<!-- \w+ (\S+) -->/.exec(part)?.[1] ?? '', part.trimEnd()]));
}

/** The page: introduction, all verdicts, and the sections in the order of the claims. */
export function pageOf(names: readonly string[], sections: ReadonlyMap<string, string>): string {
  const present = names.flatMap((name) => sections.get(name) ?? []);
  const verdicts = present.flatMap((section) => {
    const title = /^## (.*)$/m.exec(section)?.[1] ?? '';
    return [...section.matchAll(/^- \*\*(holds|fails|cannot tell here)\*\*: (.*?\.)(?= |$)/gm)].map(
      ([, verdict = '', statement = '']) => ({ title, statement, verdict }),
    );
  });
  const summary = markdownTable(
    [
      { heading: 'claim', cell: ({ title }) => title },
      { heading: 'what can be false', cell: ({ statement }) => statement },
      { heading: 'verdict', cell: ({ verdict }) => verdict },
    ],
    verdicts,
  );
  return `${[introduction.join('\n'), summary.join('\n'), ...present].join('\n\n')}\n`;
}

/** The claims in their order, and those that the page must have. */
interface Expected {
  readonly order: readonly string[];
  readonly required: readonly string[];
}

/** Where a page differs from sections that were made anew: lines for a person, none where it does not. */
export function differences(page: string, made: ReadonlyMap<string, string>, { order, required }: Expected): string[] {
  const written = sectionsOf(page);
  const missing = required.filter((name) => !written.has(name)).map((name) => `${name}: the page has no such claim`);
  const found = [...made].flatMap(([name, section]) => firstDifference(name, written.get(name), section));
  const edited = pageOf(order, written) === page ? [] : ['the page is not made of its sections: it was edited'];
  return [...missing, ...found, ...edited];
}

/** The first line of a section that differs from how it was made anew; none where the page has no such section. */
export function firstDifference(name: string, written: string | undefined, made: string): string[] {
  if (written === undefined) return [];
  const [old, now] = [written.split('\n'), made.split('\n')];
  const at = Array.from({ length: Math.max(old.length, now.length) }, (_, i) => i).find((i) => old[i] !== now[i]);
  if (at === undefined) return [];
  return [`${name}: line ${at + 1} of its section`, `  page: ${old[at] ?? '(none)'}`, `  now:  ${now[at] ?? '(none)'}`];
}
