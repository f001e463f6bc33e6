// The twelve lessons and their exercises:
//   npm run lesson                  which there are, and what is done
//   npm run lesson -- 3             run lesson 3, then check your answer to its exercise
//   npm run lesson -- 3 --solution  show a worked solution, and check that
// An exercise is the one function that a lesson's file exports. You write it there.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import colors from 'picocolors';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = `${root}node_modules/.cache/lessons`;
const files = readdirSync(`${root}lessons`).filter((file) => /^\d\d-.*\.ts$/.test(file));

const { values, positionals } = readArguments();
const [chosen, ...rest] = positionals;
if (chosen === undefined) await overview();
else await one(lessonAt(chosen));

async function overview() {
  if (values.solution) stop('--solution needs the number of a lesson: npm run lesson -- 3 --solution');
  for (const file of files) {
    const outcome = await verdict(file, { aloud: false });
    const says = { right: colors.green('done'), begun: colors.yellow('not yet'), open: 'your turn' }[outcome.state];
    console.log(`${String(Number.parseInt(file, 10)).padStart(3)}  ${titleOf(file).padEnd(56)}${says}`);
  }
  console.log('\nnpm run lesson -- 1 begins; write your answer in the file of the lesson.');
}

async function one(file) {
  if (values.solution) console.log(readFileSync(`${root}lessons/solutions/${file}`, 'utf8'));
  else console.log(`${colors.bold(titleOf(file))}: lessons/${file}\n`);
  const { state, says } = await verdict(file, { aloud: !values.solution, solution: values.solution });
  if (state === 'right') console.log(colors.green(values.solution ? 'The check calls it right.' : '\nright'));
  else console.log(state === 'open' ? `\n${says}` : `\n${colors.yellow('not yet:')} ${says}`);
  if (state === 'begun') process.exitCode = 1;
}

/** Run a lesson, aloud or not, and put its exercise to the check: right, begun, or open where it still says whose turn it is. */
async function verdict(file, { aloud, solution = false }) {
  const quiet = aloud ? () => {} : mute();
  try {
    const { answers, check } = await load(file, solution);
    const functions = Object.values(answers).filter((value) => typeof value === 'function');
    if (functions.length !== 1)
      return { state: 'begun', says: `lessons/${file} exports ${functions.length} functions, not the exercise alone` };
    await check(functions[0]);
    return { state: 'right' };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    if (says.startsWith('your turn')) return { state: 'open', says };
    return { state: 'begun', says: error?.name === 'NotYet' ? says : `it throws: ${error?.stack ?? says}` };
  } finally {
    quiet();
  }
}

/** The lesson, which prints what it prints when it is loaded, or its solution, and the check, in one bundle with one library. */
async function load(file, solution) {
  const name = basename(file, '.ts');
  const outfile = `${built}/${solution ? 'solution' : 'lesson'}-${name}.mjs`;
  mkdirSync(built, { recursive: true });
  const contents = `
    export * as answers from './${solution ? 'solutions/' : ''}${name}';
    export { check } from './checks/${name}';`;
  await build({
    stdin: { contents, resolveDir: `${root}lessons`, loader: 'ts' },
    absWorkingDir: root,
    alias: { floragrad: `${root}src/index.ts` },
    bundle: true,
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    outfile,
  });
  process.setSourceMapsEnabled(true);
  return import(pathToFileURL(outfile).href);
}

/** Leaves out what is printed; returns how to undo that. */
function mute() {
  const { log, warn } = console;
  Object.assign(console, { log() {}, warn() {} });
  return () => Object.assign(console, { log, warn });
}

/** The first line of a lesson's file, without its slashes. */
function titleOf(file) {
  const [first = ''] = readFileSync(`${root}lessons/${file}`, 'utf8').split('\n');
  return first.replace(/^\/\/ Lesson \d+: /, '');
}

function lessonAt(text) {
  if (rest.length > 0) stop(`one lesson at a time: ${positionals.join(' ')} are ${positionals.length}`);
  const number = Number(text);
  const file = files.find((name) => Number.parseInt(name, 10) === number);
  return file ?? stop(`there is no lesson ${text}: they have the numbers 1 to ${files.length}`);
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { solution: { type: 'boolean', default: false } } });
  } catch (error) {
    return stop(`${error.message}\nnpm run lesson -- 3, or npm run lesson -- 3 --solution`);
  }
}

function stop(message) {
  console.error(message);
  process.exit(2);
}
