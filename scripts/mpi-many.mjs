// node scripts/mpi-many.mjs [runs]: short runs on two ranks, one after the other, on each MPI. All have to end with status 0 and with
// one digest: a crash at random, as MPICH's network layer once had it beside Node's threads, shows in numbers alone.
// Needs `npm run build`, mpich and openmpi-bin.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestIn, launchers, smallRun, start } from './mpi-launch.mjs';

const runs = Number(process.argv[2] ?? 150);
const folder = mkdtempSync(join(tmpdir(), 'floragrad-many-'));
const run = smallRun(5).map((word, i, all) => (all[i - 1] === '--threads' ? '2' : word));
let failures = 0;
console.log('| MPI | runs | status 0 | digests | seconds |');
console.log('| --- | ---: | ---: | --- | ---: |');
for (const [name, launcher] of Object.entries(launchers)) {
  const digests = new Set();
  let [good, seconds] = [0, 0];
  for (let i = 0; i < runs; i++) {
    const ended = await start(launcher, 2, run, folder).ended;
    seconds += ended.seconds;
    if (ended.status === 0) {
      good++;
      digests.add(digestIn(join(folder, 'out.json')));
    } else console.error(`${name}, run ${i + 1}: status ${ended.status}${ended.hung ? ', hung' : ''}\n${ended.output}`);
    rmSync(join(folder, 'out.json'), { force: true });
  }
  if (good < runs || digests.size !== 1) failures++;
  console.log(`| ${name} | ${runs} | ${good} | ${[...digests].join(', ')} | ${seconds.toFixed(0)} |`);
}
rmSync(folder, { recursive: true });
process.exitCode = failures === 0 ? 0 : 1;
