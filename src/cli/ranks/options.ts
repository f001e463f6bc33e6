import { rank } from '../common-options';
import { option } from '../options';
import { oneOf, whole, words } from '../values';
import { wires } from './wire';

/** Options of the commands that train on several ranks. */
export const rankOptions = {
  ranks: {
    ...option(
      whole(1, 4096),
      'N',
      'start this many processes, which train as one; mpiexec -n N floragrad … does it too',
    ),
    shown: 'those of mpiexec, or one',
  },
  launcher: {
    ...option(words, 'FILE', 'the program that starts them', 'mpiexec'),
    needs: ['ranks'],
    incidental: true,
  },
  shards: {
    ...option(whole(1, 4096), 'S', 'parts of a step; numbers depend on them, and not on the ranks that share them'),
    shown: 'one a rank',
  },
  wire: option(oneOf(wires), 'NAME', 'what ranks send: whole gradients, or compressed ones', 'dense'),
  wireRank: { ...option(rank, 'R', 'rank of compressed gradients', 16), needs: ['wire'] },
} as const;
