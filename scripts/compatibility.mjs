// Runs the laws of ops and layers on every backend and writes docs/compatibility.md: how many held of each, where.
//   npm run compatibility
// It needs what `.ci/run` installs: Chromium, an X display in memory, and the drivers of test/gpu. Takes some minutes.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Heading of a column → the tests behind it, and what starts them. */
const columns = {
  'reference, wasm': { tests: ['test/laws/ops.test.ts', 'test/laws/layers.test.ts'] },
  'WebGPU, Node': { tests: ['test/gpu/webgpu.test.ts'] },
  'headless GL, Node': { tests: ['test/gpu/headlessgl.test.ts'], within: ['xvfb-run', '-a'] },
  'WebGPU, page': { tests: ['test/browser/webgpu.test.ts'] },
  'WebGL2, page': { tests: ['test/browser/webgl2.test.ts'] },
};

const folder = mkdtempSync(join(tmpdir(), 'floragrad-compatibility-'));
const held = {};
const queue = Object.keys(columns);
// Two at a time: a software driver keeps about one core busy.
await Promise.all(
  [0, 1].map(async () => {
    for (let name = queue.shift(); name; name = queue.shift()) held[name] = await lawsOf(name, columns[name]);
  }),
);
rmSync(folder, { recursive: true });
const { ops, layers } = names();
writeFileSync('docs/compatibility.md', page());
console.log(
  `docs/compatibility.md: ${ops.length} ops and ${layers.length} layers on ${Object.keys(columns).length} columns`,
);

/** Name of an op or layer → number of laws that held. Stops where one did not, or where nothing ran. */
async function lawsOf(name, { tests, within = [] }) {
  const file = join(folder, `${Object.keys(columns).indexOf(name)}.json`);
  const [command, ...rest] = [...within, 'npx', 'vitest', 'run', ...tests, '--reporter=json', `--outputFile=${file}`];
  const env = { ...process.env, FLORAGRAD_REQUIRE_GPU: '1', FLORAGRAD_REQUIRE_BROWSER: '1' };
  const running = spawn(command, rest, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const status = await new Promise((resolve) => running.once('exit', resolve));
  if (status !== 0) throw new Error(`${name}: ${tests.join(' ')} failed; run it alone to see what`);
  const counts = new Map();
  for (const { title, status } of JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    const subject = title.split(':')[0];
    if (status === 'passed' && title.includes(': ')) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  }
  console.log(`${name}: laws of ${counts.size} subjects`);
  return counts;
}

/** What has a row: layers begin with a capital, laws of the backend have names that no op has. */
function names() {
  const rows = [...held['reference, wasm'].keys()].filter((name) => held['WebGPU, page'].has(name));
  const isLayer = (name) => /^[A-Z]/.test(name);
  return { ops: rows.filter((name) => !isLayer(name)).sort(), layers: rows.filter(isLayer).sort() };
}

function table(heading, subjects) {
  const rows = subjects.map((name) => [
    `\`${name}\``,
    ...Object.keys(columns).map((column) => `${held[column].get(name) ?? '–'}`),
  ]);
  const cells = [[heading, ...Object.keys(columns)], ...rows];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(cells[0]), rule, ...rows.map(line)].join('\n');
}

function page() {
  return `# What runs where

Written by \`npm run compatibility\`: the number of laws of each op and layer that held on each backend; none failed. On the
CPU an op owes about ten: derivatives, first and second, against differences, kernels against formulas, edges, memory, and
the results of the reference, which are the second backend of the column. What composes other ops, as layers do, owes fewer. On
drivers of GPUs, all of them software, an op with kernels of its own owes the same, and the laws of backends that have its name
are counted with them; all others owe that their results, derivatives too, are those of the reference.

Comparisons, \`argmax\`, random numbers and what makes tensors have no derivative: the laws of backends hold them on all of these.

## Ops

${table('op', ops)}

## Layers and models

${table('module', layers)}
`;
}
