// The code that the pages show is that of the documents, whose `ts` blocks the tests run: block for block, letter for letter.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { partsOf } from '../pages/content/anchors';
import { decoded } from './html';
import { dist } from './serve';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guides = readdirSync(`${root}docs/guides`).filter((name) => name.endsWith('.md'));
/** Documents with programs, and their pages. */
const pages: readonly (readonly [document: string, page: string])[] = [
  ['README.md', 'start'],
  ['docs/methods.md', 'docs/methods'],
  ...guides.map((name) => [`docs/guides/${name}`, `docs/guides/${name.replace(/\.md$/, '')}`] as const),
];

let [blocks, wrong] = [0, 0];
for (const [document, page] of pages) {
  const written = programsOf(readFileSync(`${root}${document}`, 'utf8'));
  const shown = shownIn(page);
  blocks += written.length;
  for (const [i, text] of written.entries()) {
    if (shown[i] === text) continue;
    wrong += 1;
    console.error(`${page}.html: block ${i + 1} is not that of ${document}`);
  }
}
const readme = programsOf(readFileSync(`${root}README.md`, 'utf8'));
for (const text of shownIn('index')) {
  blocks += 1;
  if (readme.includes(text)) continue;
  wrong += 1;
  console.error(`index.html has a program that README.md has not: ${text.slice(0, 60)}`);
}
console.log(`${blocks} programs on ${pages.length + 1} pages are those of the documents, ${wrong} are not`);
process.exitCode = wrong > 0 || blocks === 0 ? 1 : 0;

function programsOf(markdown: string): string[] {
  return partsOf(markdown).flatMap(({ text, code }) => {
    const [, program] = (code && /^```ts\b.*\n([\s\S]*?)\n?```\s*$/.exec(text)) || [];
    return program === undefined ? [] : [program];
  });
}

/** The programs of a built page, without the marks of their colours. */
function shownIn(page: string): string[] {
  const html = readFileSync(`${dist}/${page}.html`, 'utf8');
  return [...html.matchAll(/<div class="language-ts\b[^>]*>[\s\S]*?<code[^>]*>([\s\S]*?)<\/code>/g)].map(([, code]) =>
    decoded((code as string).replace(/<[^>]*>/g, '')),
  );
}
