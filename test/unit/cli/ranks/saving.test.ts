import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkpointsOf } from '../../../../src/cli/train/checkpoint';
import type { TrainSettings } from '../../../../src/cli/train/options';
import { planRuns } from '../../../../src/cli/train/plan';
import { train } from '../../../../src/cli/train/train';
import { ones } from '../../../../src/index';
import { twins } from '../../mpi/fakes';
import { workFolder } from '../captured';

const cwd = workFolder();
const argv = ['--optimizer', 'adamw', '--seeds', '1', '--checkpoint', 'saved', '--shards', '2'];
const settings = train.read(argv) as TrainSettings;
const [plan] = planRuns(settings);
const record = join(cwd, 'saved/adamw-seed-0/checkpoint.json');

it.each([1, 0])('a checkpoint: rank %i writes if it is the first, and waits until that is done', async (rank) => {
  const written: boolean[] = [];
  const comm = twins(2, { rank, barrier: () => void written.push(existsSync(record)) });
  const sharing = { comm, shards: 2, wire: 'dense', wireRank: 1 } as const;
  const { save } = checkpointsOf(plan as NonNullable<typeof plan>, settings, 'text', cwd, () => {}, sharing);
  const soFar = { trainLoss: [1], seconds: 1, peakBytes: 1 };
  await save({ w: ones([1]) }, { state: [], steps: 1 }, soFar);
  expect(written).toEqual([rank === 0]);
});
