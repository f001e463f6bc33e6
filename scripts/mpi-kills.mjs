// node scripts/mpi-kills.mjs [kills]: kill a random rank at a random step of a run on two ranks, then resume it on one, two or four,
// on each MPI. All ranks have to end, with a status that is not 0, and the resumed run with the digest of one that was
// left alone. Needs `npm run build`, mpich and openmpi-bin.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestIn, launchers, smallRun, start } from './mpi-launch.mjs';

const kills = Number(process.argv[2] ?? 20);
const steps = 40;
const folder = mkdtempSync(join(tmpdir(), 'floragrad-kills-'));
const run = smallRun(steps);
const record = join('saved', 'flora-rank-4-seed-0', 'checkpoint.json');

const stepsIn = (cwd) => {
  try {
    return JSON.parse(readFileSync(join(cwd, record), 'utf8')).checkpoint.steps;
  } catch {
    return 0; // not there yet
  }
};

const random = (below) => Math.floor(Math.random() * below);
const inNew = () => mkdtempSync(join(folder, 'run-'));

const alone = inNew();
const undisturbed = await start(null, 1, run, alone).ended;
if (undisturbed.status !== 0) throw new Error(undisturbed.output);
const expected = digestIn(join(alone, 'out.json'));
console.log(`undisturbed, in one process: ${expected}`);
console.log('| MPI | kill | rank | after step | status | ended after, s | resumed on | digest |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |');

let failures = 0;
for (const [name, launcher] of Object.entries(launchers)) {
  for (let kill = 1; kill <= kills; kill++) {
    const cwd = inNew();
    const [rank, step, ranks] = [random(2), 1 + random(steps - 5), [1, 2, 4][random(3)]];
    const killed = start(launcher, 2, [...run, '--checkpoint', 'saved', '--checkpoint-every', '1'], cwd);
    while (stepsIn(cwd) < step && killed.seconds() < 100) await sleep(5);
    const at = stepsIn(cwd);
    process.kill(killed.pidOf(rank), 'SIGKILL');
    const killedAt = killed.seconds();
    const { status, hung, seconds } = await killed.ended;
    const resumed = await start(launcher, ranks, [...run, '--resume', 'saved'], cwd).ended;
    const digest = resumed.status === 0 ? digestIn(join(cwd, 'out.json')) : `status ${resumed.status}`;
    const good = status !== 0 && !hung && digest === expected;
    if (!good) failures++;
    const ended = (seconds - killedAt).toFixed(1);
    console.log(
      `| ${name} | ${kill} | ${rank} | ${at} | ${hung ? 'hung' : status} | ${ended} | ${ranks} | ${digest}${good ? '' : ' FAILED'} |`,
    );
    if (!good) console.log(resumed.output.split('\n').slice(-20).join('\n'));
    rmSync(cwd, { recursive: true });
  }
}
rmSync(folder, { recursive: true });
console.log(`${failures} of ${2 * kills} kills failed`);
process.exitCode = failures === 0 ? 0 : 1;
