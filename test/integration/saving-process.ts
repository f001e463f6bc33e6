// Saves one checkpoint after the other into FOLDER until it is killed, and says which it has begun and which is done.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { full } from '../../src/index';
import { loadCheckpoint, saveCheckpoint } from '../../src/node/checkpoint';

const folder = process.argv[2] as string;
const from = existsSync(join(folder, 'checkpoint.json')) ? (await loadCheckpoint(folder)).steps : 0;
for (let n = from + 1; ; n++) {
  const parameters = { weight: full([300, 200], n), bias: full([7], n) };
  process.stdout.write(`begun ${n}\n`);
  await saveCheckpoint(folder, { parameters, state: { mean: full([300, 200], -n) }, steps: n, position: [n] });
  process.stdout.write(`saved ${n}\n`);
}
