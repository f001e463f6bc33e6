import { sinkGD } from '../../../src/index';
import { followMatrix, type Recorded, type Replay } from '../replay';

/**
 * The program is a third party's, and leaves out the factors √m and √n. Each sweep undoes all that a number does before
 * it, so its X is ours over the √n of the last columns: the same direction, for a rate √n times as large as ours.
 */
const make = ({ options, init }: Recorded, changed: Partial<Parameters<typeof sinkGD>[0]> = {}) =>
  sinkGD({ learningRate: options.lr / Math.sqrt(init.shape[0] as number), ...changed });

export const sinkGDReplays: readonly Replay[] = [
  {
    file: 'sinkgd',
    name: 'third-party-wide',
    follow: (one) => followMatrix(one, make(one)),
    unlike: (one) => followMatrix(one, make(one, { sweeps: 4 })),
  },
];
