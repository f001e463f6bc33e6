import { inProcess, mpi, takeSeat } from '../../../../src/mpi';
import { type Row, row } from '../harness';
import { nothing, options } from '../kinds';
import { ones } from '../library';

// Ranks of one process: with a single one nothing waits.

const alone = () => takeSeat(inProcess(1)[0] as Parameters<typeof takeSeat>[0]);
/** No launcher has started the tests: what the call comes to where its arguments are right. */
const unlaunched = (args: readonly unknown[]): Promise<unknown> =>
  mpi(...(args as Parameters<typeof mpi>)).catch((error: { code?: string }) => {
    if (error.code !== 'mpi/no-launcher') throw error;
  });
const params = () => ({ w: ones([2]) });

export const mpiRows: readonly Row[] = [
  row('mpi', () => [{ order: 'tree' }], [options], { asynchronous: true, call: unlaunched }),
  row('inProcess', () => [1, { order: 'tree' }], [nothing, options]),
  row('takeSeat', () => [inProcess(1)[0]], [nothing]),
  row('abandon', () => [inProcess(1)[0]], [nothing]),
  row('allReduce', () => [alone(), { shards: 1 }], [nothing, options], { options: { shards: ['undefined'] } }),
  row('mpi.powerSgd', () => [alone(), { rank: 1 }], [nothing, nothing]),
  row('broadcastParams', () => [alone(), params()], [nothing, ['{}', '{ tensor }']], { asynchronous: true }),
  row('checkReplicas', () => [alone(), params()], [nothing, ['{}', '{ tensor }']], { asynchronous: true }),
  row('ownShards', () => [alone(), 1], [nothing, nothing]),
  row('gatherNumbers', () => [alone(), [1]], [nothing, ['[]', '[1]', '[1.5]']]),
];
