// Goes on from a checkpoint in a process of its own and saves the next one: FOLDER, the name of a row, and the last step.
import { loadCheckpoint, saveCheckpoint } from '../../src/node/checkpoint';
import { transformRows } from '../laws/transforms';
import { checkpointOf, trainerOf, trainUntil } from './resume-run';

const [folder, name, steps] = process.argv.slice(2) as [string, string, string];
const row = transformRows.find((each) => each.name === name);
if (!row) throw new Error(`no row ${name}`);
const training = trainerOf(row, 7, await loadCheckpoint(folder));
trainUntil(training, Number(steps));
await saveCheckpoint(folder, checkpointOf(training));
