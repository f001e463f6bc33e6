import { coap } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

export const makeCoap = ({ options }: Recorded, changed: Partial<Parameters<typeof coap>[0]> = {}) =>
  coap({
    learningRate: options.lr,
    rank: options.rank,
    refreshEvery: options.update_interval as number,
    reprojectFactor: options.reproject_factor as number,
    restoreState: options.restore_state === true,
    ...changed,
  });

const injected = (one: Recorded) => givenProjector(one)(Math.min(...one.init.shape));

export const coapReplays: readonly Replay[] = ['wide', 'wide-restore'].map((name) => ({
  file: 'coap',
  name,
  follow: (one) => followMatrix(one, makeCoap(one, { projector: injected(one) })),
  unlike: (one) =>
    followMatrix(one, makeCoap(one, { projector: injected(one), restoreState: one.options.restore_state !== true })),
}));
