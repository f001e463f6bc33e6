// The pages: documents of the clone with figures of their tables, and the reference, built by VitePress into site/dist. What the
// other parts have put there stays.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vitepress';
import { writeContent } from './content/write-content';
import { placeFigures, writeFigures } from './figures/write-figures';
import { finishReference } from './reference/finish';
import { writeReference } from './reference/reference';

// This file runs as site/.cache/pages.mjs.
const site = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const content = `${site}pages/.content`;
/** Parts of site/dist that others write. */
const others = ['source', 'playground', 'device'];
const built = `${site}.cache/pages`;

if (!existsSync(`${site}dist/source/index.html`))
  throw new Error('the annotated source is not built, to which pages link: run npm run site -- annotate first');
rmSync(content, { recursive: true, force: true });
mkdirSync(content, { recursive: true });

const figures = placeFigures((path) => readFileSync(`${root}/${path}`, 'utf8'));
const { documents, sidebar } = writeContent(root, `${site}dist/source`, content, figures);
await timed('figures', () => writeFigures(figures, `${content}/public/figures`, `${root}/dist/render-figure.js`));
await timed('reference', async () => {
  await writeReference(root, `${content}/reference`);
  const reference = finishReference(`${content}/reference`);
  writeFileSync(`${content}/sidebar.json`, JSON.stringify({ ...sidebar, '/reference/': reference }));
});
await timed('vitepress', () => build(`${site}pages`, { outDir: built }));
for (const part of others) {
  if (existsSync(`${built}/${part}`))
    throw new Error(`pages must not write into ${part}, which another part of the site does`);
}
for (const name of readdirSync(`${site}dist`)) {
  if (!others.includes(name)) rmSync(`${site}dist/${name}`, { recursive: true });
}
cpSync(built, `${site}dist`, { recursive: true });
console.log(`${documents} documents and ${[...figures.values()].flat().length} figures`);

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const start = Date.now();
  await work();
  console.log(`  ${what}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
