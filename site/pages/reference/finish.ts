import { readFileSync, writeFileSync } from 'node:fs';
import { partsOf, plain, slugOf } from '../content/anchors';
import type { Entry } from '../content/sidebar';
import { doors, rooms } from './rooms';

/** What a door is for, in the list of pages. */
const ofDoors: Readonly<Record<(typeof doors)[number], string>> = {
  'floragrad/study': 'projectors and transforms certified, figures',
  'floragrad/laws': 'what every implementation owes, for any test runner',
  'floragrad/gpu': 'a backend on the GPU',
  'floragrad/node': 'files, checkpoints and reports in Node',
};

/** Give the pages that typedoc wrote into a folder their titles and a first page, and return their sidebar. */
export function finishReference(folder: string): Entry[] {
  for (const { name, title } of rooms)
    edit(`${folder}/${name}.md`, (text) => tidy(text).replace(/^# .+$/m, `# ${title}`));
  for (const door of doors) edit(`${folder}/${door}.md`, tidy);
  writeFileSync(`${folder}/index.md`, firstPage());
  return [
    { text: 'Reference', link: '/reference/' },
    { text: 'floragrad', items: rooms.map(({ name, title }) => ({ text: title, link: `/reference/${name}.html` })) },
    { text: 'Other doors', items: doors.map((door) => ({ text: door, link: `/reference/${door}.html` })) },
  ];
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

/** A result of which nothing more is said, and whose constructor one is, add nothing to the lines above them. */
const idle = [
  /^#{4,6} Returns\n\n\S[^\n]*\n\n(?=#|\*\*\*)/gm,
  /^#{4,6} (?:Inherited from|Overrides)\n\n[^\n]*constructor[^\n]*\n\n/gm,
  /^\*\*\*\n\n/gm,
];

/** What says nothing goes, and every heading has an anchor of its own. */
function tidy(text: string): string {
  const short = idle.reduce((left, pattern) => left.replace(pattern, ''), text);
  const anchored = anchoring();
  return partsOf(short)
    .map(({ text, code }) => (code ? text : anchored(text)))
    .join('');
}

/** typedoc gives anchors to what others link to. The rest would get those of the same word, which links mean otherwise. */
function anchoring(): (text: string) => string {
  let [owner, count] = ['', 0];
  return (text) =>
    text.replace(/^(#{2,6}) (.+)$/gm, (whole, marks: string, title: string) => {
      const own = /\{#(.+)\}$/.exec(title)?.[1];
      if (own !== undefined) owner = own;
      if (own !== undefined || marks === '##') return whole;
      return `${whole} {#${owner}--${slugOf(plain(title))}-${++count}}`;
    });
}

function firstPage(): string {
  const list = rooms.map(({ name, title, folder }) => `| [${title}](${name}.md) | \`src/${folder}\` |`);
  return [
    '# Reference',
    '',
    'Every public name, from the comments in the source; a link leads from each to its lines there. Names without a door are imported',
    'from `floragrad`. Tensors have every op as a method: `add(a, b)` is `a.add(b)`.',
    '',
    '| names of `floragrad` | source |',
    '| --- | --- |',
    ...list,
    '',
    '| other doors | what |',
    '| --- | --- |',
    ...doors.map((door) => `| [${door}](${door}.md) | ${ofDoors[door]} |`),
    '',
  ].join('\n');
}
