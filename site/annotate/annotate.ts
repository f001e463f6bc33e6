// The annotated source: prose beside code, for all of src, kernels and examples, into dist/source.
//   --formulas     print every formula found: where, as it stands there, and as LaTeX
//   --unchecked    print the formulas that no law or test checks
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build';
import { Project, trackedFiles } from './project';

const started = performance.now();
const { values } = parseArgs({
  options: { formulas: { type: 'boolean', default: false }, unchecked: { type: 'boolean', default: false } },
});

const root = resolve('..');
const project = new Project(root, trackedFiles(root));
const site = build(project, JSON.parse(readFileSync('navigation.json', 'utf8')));

if (values.formulas)
  for (const { path, line, source, latex } of site.formulas)
    console.log(`${path}:${line}\t${source.replaceAll('\n', ' ')}\t${latex}`);
if (values.unchecked)
  for (const { path, line, source } of site.unchecked) console.log(`${path}:${line}\t${source.replaceAll('\n', ' ')}`);

if (site.problems.length > 0) {
  for (const { path, line, message } of site.problems) console.error(`${path}:${line}: ${message}`);
  console.error(`${site.problems.length} broken citations: nothing is written`);
  process.exitCode = 1;
} else {
  rmSync('dist/source', { recursive: true, force: true });
  let bytes = 0;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(`dist/${path}`), { recursive: true });
    writeFileSync(`dist/${path}`, text);
    bytes += Buffer.byteLength(text);
  };
  for (const [path, text] of site.pages()) write(path, text);
  write('source/annotate.css', readFileSync('annotate/style.css', 'utf8'));
  write('source/annotate.js', readFileSync('annotate/client.js', 'utf8'));
  for (const line of site.counts()) console.log(line);
  console.log(`${(bytes / 1e6).toFixed(1)} MB in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
