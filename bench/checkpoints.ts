import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checkpoint, full, type Tensor, tensor } from '../src/index';
import { loadCheckpoint, saveCheckpoint } from '../src/node/checkpoint';

// What checkpoints owe, on a real disk, too long for a test:
//   checkpoints savers [N]   2 savers, N overlapping saves each (1000), in one process and in two
//   checkpoints kills [N]    N kills (200) of two processes that save into one folder
//   checkpoints large        a state of 540 M floats, saved by one process and loaded by another; 2.2 GB of disk, 5 GB of memory

/** The large state: tensors of a number of blocks of floats. */
const [block, blocks] = [60_000_000, [5, 1, 1, 1, 1]];
const peak = (): string => {
  const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return `${(Number(kilobytes) / 2 ** 20).toFixed(2)} GiB`;
};
const pattern = (i: number, k: number): number => (i * 7 + k) % 16_777_213;

const work = mkdtempSync(join(tmpdir(), 'floragrad-checkpoints-'));
const [what, ...rest] = process.argv.slice(2);
const roles: Record<string, (...given: string[]) => unknown> = { savers, kills, large, saving, saveLarge, loadLarge };
try {
  await (roles[what ?? ''] ?? (() => console.log('savers, kills or large')))(...rest);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Save number n of a saver; every value says so. The first saver's are large, the second one's small. */
function numbered(saver: number, n: number): Checkpoint {
  const size = saver === 0 ? 200_000 : 10;
  const parameters = { weight: full([size], n), who: tensor([saver]) };
  return { parameters, state: { mean: full([size], -n) }, steps: n, position: { saver, n } };
}

/** Which save a folder holds; an error where it is not one, whole. */
async function held(folder: string): Promise<{ saver: number; n: number }> {
  const { parameters, state, position } = await loadCheckpoint<{ mean: Tensor }>(folder);
  const { saver, n } = position as { saver: number; n: number };
  const all = (x: Tensor | undefined, value: number): boolean => x?.dataSync().every((each) => each === value) === true;
  if (!all(parameters.weight, n) || !all(state.mean, -n) || !all(parameters.who, saver)) throw new Error('a mixture');
  return { saver, n };
}

interface Counts {
  saved: number;
  superseded: number;
  /** Other errors of a save, and saves that reported success and were not readable, or older than what was saved before. */
  failed: number;
  lost: number;
}

async function saveAgainAndAgain(folder: string, saver: number, saves: number): Promise<Counts> {
  const counts = { saved: 0, superseded: 0, failed: 0, lost: 0 };
  for (let n = 1; n <= saves; n++) {
    try {
      await saveCheckpoint(folder, numbered(saver, n));
      counts.saved++;
    } catch (error) {
      if ((error as { code?: string }).code === 'checkpoint/superseded') counts.superseded++;
      else counts.failed++;
      continue;
    }
    const found = await held(folder).catch(() => null);
    if (found === null || (found.saver === saver && found.n < n)) counts.lost++;
  }
  return counts;
}

async function savers(given = '1000'): Promise<void> {
  const saves = Number(given);
  let broken = 0;
  for (let round = 0; round < saves; round++) {
    const folder = join(work, `round-${round}`);
    const done = await Promise.allSettled([0, 1].map((saver) => saveCheckpoint(folder, numbered(saver, round))));
    if (done.some(({ status }) => status === 'rejected') || (await held(folder).catch(() => null)) === null) broken++;
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`one process, ${saves} folders with two saves at once: ${broken} with an error or without a checkpoint`);
  const one = join(work, 'one');
  const inOne = await Promise.all([0, 1].map((saver) => saveAgainAndAgain(one, saver, saves)));
  console.log(`one process, one folder, 2 savers of ${saves}:`, ...inOne);
  const two = join(work, 'two');
  const inTwo = await Promise.all([0, 1].map((saver) => child(['saving', two, String(saver), String(saves)]).done));
  console.log(`two processes, one folder, 2 savers of ${saves}:`, ...inTwo.map((said) => JSON.parse(said) as Counts));
  await held(two);
  console.log(`files left in the folder: ${readdirSync(two).length}`);
}

/** One process of two: a number of saves, or until it is killed, saying what it begins and what is done, and when. */
async function saving(folder: string, saver: string, saves: string, from?: string): Promise<void> {
  if (from === undefined) {
    console.log(JSON.stringify(await saveAgainAndAgain(folder, Number(saver), Number(saves))));
    return;
  }
  const say = (word: string, n: number) => process.stdout.write(`${word} ${n} ${process.hrtime.bigint()}\n`);
  for (let n = Number(from); ; n++) {
    const checkpoint = numbered(Number(saver), n);
    say('begun', n);
    await saveCheckpoint(folder, checkpoint).then(
      () => say('saved', n),
      (error: { code?: string }) => say(error.code === 'checkpoint/superseded' ? 'superseded' : 'failed', n),
    );
  }
}

/** Another process of this program. */
function child(given: readonly string[]) {
  const running = spawn(process.execPath, [process.argv[1] as string, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const done = new Promise<string>((resolve) => running.on('close', () => resolve(said)));
  const firstSave = new Promise<void>((resolve) => {
    running.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      if (/saved|superseded/.test(said)) resolve();
    });
  });
  return { done, firstSave, kill: () => running.kill('SIGKILL') };
}

async function kills(given = '200'): Promise<void> {
  const folder = join(work, 'kills');
  const total = { kills: 0, saved: 0, superseded: 0, failed: 0, inTheMiddle: 0, lost: 0, leftOver: 0 };
  let next = 1;
  while (total.kills < Number(given)) {
    const children = [0, 1].map((saver) => child(['saving', folder, String(saver), '0', String(next)]));
    await Promise.all(children.map(({ firstSave }) => firstSave));
    for (const { kill } of children) setTimeout(kill, Math.random() * 80);
    const events = (await Promise.all(children.map(({ done }) => done))).map((said) =>
      said
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' '))
        .map(([word, n, at]) => ({ word, n: Number(n), at: BigInt(at as string) })),
    );
    total.kills += 2;
    for (const list of events) {
      for (const { word, n } of list) {
        if (word === 'saved' || word === 'superseded' || word === 'failed') total[word]++;
        next = Math.max(next, n + 1);
      }
      if (list.at(-1)?.word === 'begun') total.inTheMiddle++;
    }
    const acknowledged = events.flatMap((list, saver) =>
      list
        .filter(({ word }) => word === 'saved')
        .map(({ n, at }) => ({ saver, n, at, begun: list.find((e) => e.word === 'begun' && e.n === n)?.at ?? 0n })),
    );
    if (acknowledged.length === 0 && next === 1) continue;
    const found = await held(folder).catch(() => null);
    if (found === null) {
      total.lost++;
      continue;
    }
    // What is there is lost to nothing that was acknowledged, unless a save was begun after it was done, and acknowledged too.
    const done = acknowledged.find(({ saver, n }) => saver === found.saver && n === found.n);
    const later = acknowledged.filter(({ begun, saver, n }) => {
      if (saver === found.saver) return n > found.n;
      return done !== undefined && begun > done.at;
    });
    if (later.length > 0) total.lost++;
    if (readdirSync(folder).length > 3) total.leftOver++;
  }
  console.log(total);
}

function large(): void {
  for (const role of ['saveLarge', 'loadLarge']) {
    const { stdout, stderr, status, signal } = spawnSync(
      process.execPath,
      [process.argv[1] as string, role, join(work, 'large')],
      { encoding: 'utf8' },
    );
    console.log(`${role}: ${stdout.trim()}${status === 0 ? '' : ` ${signal ?? status} ${stderr.slice(-600)}`}`);
  }
}

async function saveLarge(folder: string): Promise<void> {
  const state = blocks.map((n, k) => {
    const values = new Float32Array(n * block);
    for (let i = 0; i < values.length; i++) values[i] = pattern(i, k);
    return tensor(values);
  });
  const before = peak();
  await saveCheckpoint(folder, { parameters: { weight: tensor([1]) }, state: { state }, steps: 1 });
  const floats = blocks.reduce((a, b) => a + b) * block;
  console.log(
    `${floats} floats, ${((4 * floats) / 2 ** 30).toFixed(2)} GiB; peak memory before ${before}, after ${peak()}`,
  );
}

async function loadLarge(folder: string): Promise<void> {
  const { state } = await loadCheckpoint<{ state: readonly Tensor[] }>(folder);
  const loaded = peak();
  for (const [k, x] of state.state.entries()) {
    const values = x.dataSync();
    for (let i = 0; i < values.length; i++) if (values[i] !== pattern(i, k)) throw new Error(`tensor ${k}, ${i}`);
  }
  console.log(`every bit as it was; peak memory of loading ${loaded}`);
}
