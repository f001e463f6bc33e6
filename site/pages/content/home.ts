import { existsSync, readFileSync } from 'node:fs';
import { partsOf } from './anchors';

/**
 * The first page. A line `[[block HEADING]]` of `home.md` stands for the fenced block below that heading of README, whose code
 * the tests run; `[[picture]]` for the picture of the playground, where there is one.
 * @throws Error where README has no such heading or block
 */
export function fillHome(root: string): string {
  const readme = readFileSync(`${root}/README.md`, 'utf8');
  const shown = ['docs/pictures/playground.png', 'docs/pictures/report.png'].find((path) =>
    existsSync(`${root}/${path}`),
  );
  return readFileSync(`${root}/site/pages/home.md`, 'utf8')
    .replace('[[picture]]', shown ?? 'docs/pictures/report.png')
    .replace(/^\[\[block (.+)\]\]$/gm, (_, heading: string) => blockBelow(readme, heading));
}

function blockBelow(markdown: string, heading: string): string {
  const parts = partsOf(markdown);
  const at = parts.findIndex(({ text, code }) => !code && text.includes(`## ${heading}\n`));
  const block = parts.slice(at + 1).find(({ code }) => code);
  if (at < 0 || !block) throw new Error(`README.md has no block of code below the heading "${heading}"`);
  return block.text;
}
