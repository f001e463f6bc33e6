// Breaks compressors, derivatives and kernels, one place at a time, and asks which test notices. A break that none
// notices fails the run, and so does one that no longer fits the source:
//   npm run mutate                      all rows of scripts/mutations.mjs
//   npm run mutate -- --only srht       the rows whose name or file has this text
//   npm run mutate -- --list            the rows, without running any
//   npm run mutate -- --new             the rows of which docs/mutations.md has no line
//   npm run mutate -- … --write         and write docs/mutations.md; rows that did not run keep the line that they have
// It works on copies in a temporary folder; the checkout is only read.
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutations } from './mutations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is built, and needed by tests of sources: the kernels, and the program that draws figures. */
const built = ['src/backend/wasm/generated', 'dist/render-figure.js'];
const report = 'vitest-report.json';
/** Time limit of one run of tests: a break that makes them loop is no catch, and must not hold up the rest. */
const limit = 10 * 60_000;
const running = new Set();

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    new: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const pagePath = join(root, 'docs/mutations.md');
const described = cellsByMutation(readFileSync(pagePath, 'utf8'));
const chosen = mutations.filter(
  (mutation) =>
    `${mutation.name} ${mutation.file}`.includes(options.only) && !(options.new && described.has(keyOf(mutation))),
);
if (chosen.length === 0)
  stop(`no mutation has "${options.only}" in its name or file${options.new ? ', and no line' : ''}`);
const stale = mutations.flatMap(misfit);
if (stale.length > 0) stop(`scripts/mutations.mjs no longer fits the source:\n${stale.join('\n')}`);

if (options.list) for (const { file, name } of chosen) console.log(`${file}: ${name}`);
else await main();

async function main() {
  const started = Date.now();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'floragrad-mutate-')));
  cleanUpAtExit(folder);
  const lanes = Array.from({ length: Math.min(2, availableParallelism()) }, (_, i) => join(folder, `${i}`));
  for (const lane of lanes) copyTree(lane);
  await refuseUnlessGreen(lanes[0]);

  const verdicts = new Map();
  const queue = [...chosen];
  const work = async (lane) => {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const verdict = await judge(lane, mutation);
      verdicts.set(mutation, verdict);
      if (options.write) writeFileSync(pagePath, page(verdicts)); // at once: a run that is ended loses nothing
      console.log(
        `[${verdicts.size}/${chosen.length}] ${verdict.caughtBy ? 'caught' : verdict.escaped}: ${mutation.name}`,
      );
    }
  };
  await Promise.all(lanes.map(work));

  console.log(`\n${table(verdicts)}`);
  const escaped = [...verdicts.values()].filter(({ caughtBy }) => !caughtBy).length;
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${chosen.length - escaped} of ${chosen.length} mutations caught in ${seconds} s`);
  if (escaped > 0) process.exit(1);
}

/** Why a row does not fit the source; nothing if it does. */
function misfit({ name, file, find, replace, tests }) {
  const missing = [file, ...tests.map((test) => fileAndName(test)[0])].find((path) => !existsSync(join(root, path)));
  if (missing) return [`${name}: there is no ${missing}`];
  const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
  if (times !== 1) return [`${name}: ${file} has ${times} times, not once: ${find}`];
  return find === replace ? [`${name}: it changes nothing`] : [];
}

/** 'file > what the full names of its tests contain' → [file, name]. */
function fileAndName(test) {
  const [file, name = ''] = test.split(' > ');
  return [file, name];
}

/** What git knows or would add, the compiled kernels, and a link to the installed packages. */
function copyTree(to) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = listed
    .toString()
    .split('\0')
    .filter((file) => file && existsSync(join(root, file)));
  for (const file of files) cpSync(join(root, file), join(to, file));
  for (const path of built.filter((path) => existsSync(join(root, path))))
    cpSync(join(root, path), join(to, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'), 'junction');
}

/** All tests that are to notice something, on the source as it is. */
async function refuseUnlessGreen(lane) {
  console.log('the tests on the source as it is');
  if ((await run(lane, ['scripts/build-kernels.mjs'])).code !== 0) stop('the kernels do not compile');
  const tests = [...new Set(chosen.flatMap(({ tests }) => tests))].map(fileAndName);
  const whole = new Set(tests.filter(([, name]) => !name).map(([file]) => file));
  const parts = tests.filter(([file]) => !whole.has(file));
  const groups = [
    { files: [...whole], names: [] },
    { files: [...new Set(parts.map(([file]) => file))], names: parts.map(([, name]) => name) },
  ];
  for (const { files, names } of groups.filter(({ files }) => files.length > 0)) {
    const { failed, crashed } = await runTests(lane, files, names);
    if (failed || crashed) stop(`the tests fail before anything is broken: ${failed ?? crashed}`);
  }
}

/** Break one place, run its tests in turn until one fails, and mend it. */
async function judge(lane, { file, find, replace, tests }) {
  const path = join(lane, file);
  const right = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    right.replace(find, () => replace),
  );
  try {
    if (file.startsWith('kernels/') && (await run(lane, ['scripts/build-kernels.mjs'])).code !== 0)
      return { escaped: 'DOES NOT COMPILE' };
    for (const [test, name] of tests.map(fileAndName)) {
      const { failed, crashed } = await runTests(lane, [test], name ? [name] : []);
      if (crashed) return { escaped: `CRASHED (${crashed})` };
      if (failed) return { caughtBy: failed };
    }
    return { escaped: 'SURVIVED' };
  } finally {
    writeFileSync(path, right);
    if (file.startsWith('kernels/')) cpSync(join(root, built[0]), join(lane, built[0]), { recursive: true });
  }
}

/** The first failing test as 'file > name', or how the run ended without one. */
async function runTests(lane, files, names) {
  const pattern = names.length > 0 ? ['-t', names.map((name) => name.replace(/[^\w\s]/g, '\\$&')).join('|')] : [];
  const settings = ['--bail=1', '--no-cache', '--testTimeout=0', '--reporter=json', `--outputFile=${report}`];
  rmSync(join(lane, report), { force: true });
  const { code, output } = await run(lane, [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...files,
    ...pattern,
    ...settings,
  ]);
  if (!existsSync(join(lane, report))) return { crashed: code === null ? 'out of time' : output.trim().slice(-400) };
  const { success, testResults } = JSON.parse(readFileSync(join(lane, report), 'utf8'));
  if (success) return {};
  for (const { name, assertionResults } of testResults) {
    const failure = assertionResults.find(({ status }) => status === 'failed');
    if (!failure) continue;
    return { failed: [relative(lane, name), ...failure.ancestorTitles, failure.title].join(' > ') };
  }
  return { crashed: testResults.map(({ message }) => message).join('; ') || output.trim().slice(-400) };
}

/** A program in a process group of its own, so that whatever it starts ends with it. */
function run(folder, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
    running.add(child);
    const timer = setTimeout(() => kill(child), limit);
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, output });
    });
  });
}

function kill({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended by itself in the meantime
  }
}

function cleanUpAtExit(folder) {
  process.once('exit', () => {
    for (const child of running) kill(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
}

function table(verdicts) {
  return chosen
    .map((mutation) => {
      const { caughtBy, escaped } = verdicts.get(mutation);
      return `${caughtBy ? 'caught' : escaped}: ${mutation.name}\n  in ${mutation.file}\n${caughtBy ? `  by ${caughtBy}\n` : ''}`;
    })
    .join('');
}

/** The page; of a break that was not made now, or that no test noticed, it has what it had, or nothing. */
function page(verdicts) {
  const cells = mutations.flatMap((mutation) => {
    const verdict = verdicts.get(mutation);
    if (!verdict) return described.has(keyOf(mutation)) ? [described.get(keyOf(mutation))] : [];
    if (!verdict.caughtBy) return [];
    const [file, ...titles] = verdict.caughtBy.split(' > ');
    const found = [mutation.name, `\`${mutation.file}\``, `\`${file}\`: ${titles.join(', ')}`];
    return [found.map((cell) => cell.replaceAll('|', '\\|'))];
  });
  const rows = [['what is broken', 'in', 'caught by'], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return `# What the tests notice

Written by \`npm run mutate -- --write\`: ${cells.length} of ${mutations.length} breaks that \`scripts/mutations.mjs\` has, with the test that noticed each.

${[head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')}
`;
}

/** The cells of each line of the page, as they are written there, by what tells mutations apart. */
function cellsByMutation(text) {
  const lines = text.split('\n').filter((line) => line.startsWith('| ') && line.endsWith(' |'));
  const cells = lines.map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
  return new Map(cells.map(([name, file, test]) => [`${name} ${file}`, [name, file, test]]));
}

function keyOf({ name, file }) {
  return `${name.replaceAll('|', '\\|')} \`${file}\``;
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
