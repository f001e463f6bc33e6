// node scripts/mpi-errors.mjs [part of a name]: what a user of the command can do wrong with ranks, or meet, on each MPI. The launcher
// and every rank have to end with a status that is not 0, in time, with one line about the cause (where the ranks cannot know
// of each other, one of each), no stack trace, and no file that was not there before. Needs `npm run build`, mpich,
// openmpi-bin, and for missing libraries a Linux that lets `unshare` mount.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CharVocabulary, random, TextDataset, tensor } from '../dist/index.js';
import { loadCheckpoint, loadGPT, saveCheckpoint, saveGPT } from '../dist/node.js';
import { command, launchers, start, startProgram } from './mpi-launch.mjs';

const folder = mkdtempSync(join(tmpdir(), 'floragrad-errors-'));
const file = (name, text, mode = 0o644) => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
  return join(folder, name);
};

/** Runs a rank, and leaves its exit status in a file. A launcher that ends all ranks may end this one before it can. */
const wrapper = file(
  'rank.sh',
  `#!/bin/sh
record="$RECORDS/$$"
echo started > "$record"
"$@" & rank=$!
trap 'kill -TERM $rank' TERM
wait $rank; status=$?
while kill -0 $rank 2> /dev/null; do wait $rank; status=$?; done
echo $status > "$record"
exit $status
`,
  0o755,
);
const withoutKoffi = file(
  'without-koffi.mjs',
  `import { register } from 'node:module';
const hooks = \`export const resolve = (name, context, next) => {
  if (name === 'koffi') throw Object.assign(new Error("Cannot find package 'koffi'"), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
};\`;
register('data:text/javascript,' + encodeURIComponent(hooks));
`,
);
const empty = file('empty', '');

const libraries = { MPICH: 'libmpich.so.12', 'Open MPI': 'libmpi.so.40' };
/** Where the loader finds the library of an MPI. */
function libraryOf(name) {
  const { stdout } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const line = stdout.split('\n').find((line) => line.includes(`${libraries[name]} `));
  return realpathSync(line.split('=> ')[1]);
}

const model = '--batch 4 --context 16 --width 16 --heads 2 --layers 1';
const common = '--data text.txt --seeds 1 --threads 1 --shards 4 --report report.html --json out.json';
const training = `train ${common} ${model} --optimizer adamw --steps 60 --sample 0`.split(' ');
const tuning = `finetune base.safetensors ${common} --method lora --rank 2 --batch 4 --steps 60`.split(' ');

/** The command line of a rank; `before` is what starts Node, and `flags` are Node's. */
const rank = (argv, { before = [], flags = [] } = {}) => [
  wrapper,
  ...before,
  process.execPath,
  ...flags,
  command,
  ...argv,
];
const alike = (ranks, program) => ['-n', String(ranks), ...program];
/** Two ranks that are started in another way, in another folder if one is given. */
const unlike = (first, second, wdir) => [
  '-n',
  '1',
  ...first,
  ':',
  '-n',
  '1',
  ...(wdir ? ['-wdir', wdir] : []),
  ...second,
];
const shell = (script) => ({ before: ['sh', '-c', `${script}; exec "$0" "$@"`] });
const hidden = (name) => ({
  before: ['unshare', '-rm', 'sh', '-c', `mount --bind ${empty} ${libraryOf(name)} && exec "$0" "$@"`],
});

/** As if the launcher were that of the other MPI: what it sets takes the place of what this one has set. */
const disguised = {
  MPICH: 'export OMPI_COMM_WORLD_SIZE=$PMI_SIZE OMPI_COMM_WORLD_RANK=$PMI_RANK; unset PMI_SIZE',
  'Open MPI': 'export PMI_SIZE=$OMPI_COMM_WORLD_SIZE PMI_RANK=$OMPI_COMM_WORLD_RANK; unset OMPI_COMM_WORLD_SIZE',
};
/** Left in the environment by a rank of the other MPI, in which this launcher was started. */
const stale = {
  MPICH: { OMPI_COMM_WORLD_SIZE: '2', OMPI_COMM_WORLD_RANK: '0' },
  'Open MPI': { PMI_SIZE: '2', PMI_RANK: '0', PMI_FD: '6' },
};

// A letter that three windows of the text may have, whose row of the embedding gets so large that a layer norm of it is NaN:
// numbers are finite, so that files with them are read, and a loss is not on the one rank that meets them.
const rare = 'Q';
const line = 'the quick brown fox jumps over the lazy dog\n';
const text = [11, 23, 31]
  .reduce((lines, at) => lines.with(at, `${line.slice(0, -1)} ${rare}\n`), Array(44).fill(line))
  .join('');
const vocabulary = new CharVocabulary(text);
const dataset = new TextDataset(vocabulary.encode(text), { batch: 4, context: 16 });
const q = vocabulary.characters.indexOf(rare);

/** The first step in which a window has the letter, and how many of its windows have. */
function firstWith(key, from) {
  for (let step = from; step <= 60; step++) {
    const { ids } = dataset.trainBatch(random.fold(key, step));
    const windows = [...ids.dataSync()].flatMap((id, i) => (id === q ? [Math.floor(i / 16)] : []));
    if (windows.length > 0) return { step, windows: new Set(windows).size };
  }
  throw new Error(`no window has ${rare}`);
}

/** The embedding with a row of numbers that are as large as they can be. */
function spoiled(embedding) {
  const [rows, width] = embedding.shape;
  const values = Float32Array.from(embedding.dataSync());
  values.fill(3.4e38, q * width, (q + 1) * width);
  values[q * width] = -3.4e38; // its distance from the mean is beyond float32
  return tensor(values, { shape: [rows, width] });
}

const embedding = 'tokenEmbedding.weight';
const runFolder = join('saved', 'adamw-seed-0');

/** What is there before a run: a text, a base, and a checkpoint shortly before a loss that is not finite. */
async function prepare() {
  const cwd = mkdtempSync(join(folder, 'sound-'));
  writeFileSync(join(cwd, 'text.txt'), text);
  const argv = [...training, '--checkpoint', 'saved', '--save', 'base.safetensors'];
  const ended = await start(null, 1, argv, cwd).ended;
  if (ended.status !== 0) throw new Error(ended.output);
  for (const name of ['report.html', 'out.json']) rmSync(join(cwd, name));
  const spoiledCwd = mkdtempSync(join(folder, 'spoiled-'));
  writeFileSync(join(spoiledCwd, 'text.txt'), text);
  const steps = nanOf.train - 2; // one is taken and saved before it
  const { parameters, ...saved } = await loadCheckpoint(join(cwd, runFolder));
  await saveCheckpoint(join(spoiledCwd, runFolder), {
    ...saved,
    parameters: { ...parameters, [embedding]: spoiled(parameters[embedding]) },
    steps,
    position: { ...saved.position, trainLoss: saved.position.trainLoss.slice(0, steps) },
  });
  const base = await loadGPT(join(cwd, 'base.safetensors'));
  base.model.load({ ...base.model.parameters(), [embedding]: spoiled(base.model.parameters()[embedding]) });
  await saveGPT(join(spoiledCwd, 'base.safetensors'), base.model, { vocabulary: base.vocabulary });
  const otherCwd = mkdtempSync(join(folder, 'other-'));
  writeFileSync(join(otherCwd, 'text.txt'), text.replaceAll('fox', 'elk'));
  const wider = [...training, '--width', '24', '--steps', '1', '--save', 'base.safetensors'];
  const other = await start(null, 1, wider, otherCwd).ended;
  if (other.status !== 0) throw new Error(other.output);
  rmSync(join(cwd, 'saved'), { recursive: true });
  writeFileSync(join(otherCwd, 'text.txt'), text); // the base alone differs
  const otherText = mkdtempSync(join(folder, 'text-'));
  writeFileSync(join(otherText, 'text.txt'), text.replaceAll('fox', 'elk'));
  return { cwd, spoiledCwd, otherCwd, otherText };
}

/** @param said a code, and what else the line says; @param lines of them, one for each rank that speaks */
const failures = (name, { spoiledCwd, otherCwd, otherText }) => [
  { title: 'the other launcher', said: /\[mpi\/launcher\]/, given: alike(2, rank(training, shell(disguised[name]))) },
  ...(name === 'MPICH'
    ? [
        {
          title: 'a launcher whose channel is closed',
          said: /\[mpi\/launcher\].*PMI_FD/,
          lines: 2, // without the channel the launcher does not hear of either
          given: alike(2, rank(training, { before: ['bash', '-c', 'eval "exec $PMI_FD>&-"; exec "$0" "$@"'] })),
        },
      ]
    : []),
  { title: 'the variables of the other MPI', works: true, more: stale[name], given: alike(2, rank(training)) },
  {
    title: 'no koffi',
    said: /\[mpi\/not-installed\]/,
    given: alike(2, rank(training, { flags: ['--import', withoutKoffi] })),
  },
  {
    title: 'no koffi on rank 1',
    said: /rank 1 of 2: \[mpi\/not-installed\]/,
    given: unlike(rank(training), rank(training, { flags: ['--import', withoutKoffi] })),
  },
  { title: 'no library', said: /\[mpi\/library\]/, given: alike(2, rank(training, hidden(name))) },
  {
    title: 'no library on rank 1',
    said: /rank 1 of 2: \[mpi\/library\]/,
    given: unlike(rank(training), rank(training, hidden(name))),
  },
  {
    title: 'another width on rank 1',
    said: /\[cli\/ranks-differ\] the command line of rank 1/,
    given: unlike(rank(training), rank([...training, '--width', '24'])),
  },
  {
    title: 'another text on rank 1',
    said: /\[cli\/ranks-differ\] the text of rank 1/,
    given: unlike(rank(training), rank(training), otherText),
  },
  {
    title: 'another base on rank 1',
    said: /\[cli\/ranks-differ\] the base of rank 1/,
    given: unlike(rank(tuning), rank(tuning), otherCwd),
  },
  ...[2, 4].flatMap((ranks) => [
    {
      title: `NaN on one of ${ranks}, training`,
      cwd: spoiledCwd,
      said: new RegExp(
        `\\[trainer/non-finite-loss\\] adamw died: step ${nanOf.train} has the loss NaN.*of step ${nanOf.train - 1}, is kept`,
      ),
      given: alike(ranks, rank([...training, '--resume', 'saved', '--checkpoint', 'again', '--checkpoint-every', '1'])),
      ranks,
      also: usable,
    },
    {
      title: `NaN on one of ${ranks}, tuning`,
      cwd: spoiledCwd,
      said: new RegExp(`\\[trainer/non-finite-loss\\] lora, seed 0, died: step ${nanOf.finetune} has the loss NaN`),
      given: alike(ranks, rank(tuning)),
      ranks,
    },
  ]),
];

const nanOf = {};
for (const [name, key, from] of [
  ['train', random.fold(random.key(0), 'batches'), 3],
  ['finetune', random.fold(random.fold(random.key(0), 'finetune'), 'batch'), 1],
]) {
  const { step, windows } = firstWith(key, from);
  if (windows !== 1) throw new Error(`${windows} shards have ${rare} in step ${step} of ${name}`);
  nanOf[name] = step;
}

/** The checkpoint before the NaN loads, and a run goes on from it, to the same end. */
async function usable(cwd) {
  const again = join(cwd, 'again');
  const { steps } = await loadCheckpoint(join(again, 'adamw-seed-0'));
  const { status, output } = await start(null, 1, [...training, '--resume', 'again'], cwd).ended;
  rmSync(again, { recursive: true });
  const goesOn = output.includes(`goes on from step ${steps} of 60`) && output.includes(`died: step ${nanOf.train} `);
  return steps === nanOf.train - 1 && status === 1 && goesOn ? [] : [`checkpoint of step ${steps}: ${output}`];
}

const listed = (cwd) => readdirSync(cwd, { recursive: true }).sort().join('\n');

/** What does not hold, and what there is to see. */
async function tried(launcher, { cwd, given, more, said, works, also, ranks = 2, lines = 1 }) {
  const records = mkdtempSync(join(folder, 'records-'));
  const before = listed(cwd);
  const { status, hung, output, seconds } = await startProgram(launcher, given, cwd, {
    more: { ...more, RECORDS: records },
    seconds: 60,
  }).ended;
  const ofRanks = readdirSync(records).map((name) => readFileSync(join(records, name), 'utf8').trim());
  const spoken = output.match(/floragrad: .*$/gm) ?? [];
  const wrong = [];
  const check = (holds, what) => holds || wrong.push(what);
  check(!hung, 'it hung');
  check(ofRanks.length === ranks, `${ofRanks.length} ranks began`);
  if (works) {
    check(status === 0 && ofRanks.every((one) => one === '0'), 'it did not work');
    for (const name of ['report.html', 'out.json']) rmSync(join(cwd, name), { force: true });
  } else {
    check(status !== 0 && !ofRanks.includes('0'), 'a status was 0');
    check(spoken.length === lines && spoken.every((one) => said.test(one)), `${spoken.length} lines of floragrad`);
  }
  check(!/^\s+at .*:\d+:\d+\)?$/m.test(output), 'a stack trace');
  wrong.push(...((await also?.(cwd)) ?? []));
  check(listed(cwd) === before, `files: ${listed(cwd)}`);
  return { wrong, status: hung ? 'hung' : status, ofRanks, spoken, seconds, output };
}

const only = process.argv[2] ?? '';
const places = await prepare();
mkdirSync(join(folder, 'records'), { recursive: true });
console.log('| MPI | failure | status | of ranks | s | what is said |');
console.log('| --- | --- | ---: | --- | ---: | --- |');
let failed = 0;
for (const [name, launcher] of Object.entries(launchers)) {
  for (const failure of failures(name, places).filter(({ title }) => title.includes(only))) {
    const { wrong, status, ofRanks, spoken, seconds, output } = await tried(launcher, { cwd: places.cwd, ...failure });
    // One that has left no status was ended by the launcher, with its wrapper.
    const ends = ofRanks.map((one) => (one === 'started' ? 'ended' : one)).join(', ');
    const line = wrong.length > 0 ? `FAILED: ${wrong.join('; ')}` : (spoken[0] ?? 'it trains').slice(0, 90);
    console.log(`| ${name} | ${failure.title} | ${status} | ${ends} | ${seconds.toFixed(1)} | ${line} |`);
    if (wrong.length === 0) continue;
    failed++;
    console.log(output);
  }
}
rmSync(folder, { recursive: true });
console.log(`${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
