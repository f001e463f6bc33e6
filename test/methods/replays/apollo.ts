import { apollo, apolloMini } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

/** APOLLO and APOLLO-Mini differ in their defaults alone: what a record does not say is left to them. */
const make = ({ options, init, ...one }: Recorded, changed: Partial<Parameters<typeof apollo>[0]> = {}) =>
  (options.scale_type === 'tensor' ? apolloMini : apollo)({
    learningRate: options.lr,
    rank: options.rank,
    refreshEvery: options.update_proj_gap as number,
    scale: options.scale as number,
    scaleFront: options.scale_front === true,
    weightDecay: (options.weight_decay as number | undefined) ?? 0,
    projector: givenProjector({ options, init, ...one })(Math.min(...init.shape)),
    ...changed,
  });

const names = [
  'channel-wide',
  'channel-square',
  'channel-growing-limiter',
  'channel-growing-scale-front',
  'mini-wide',
  'mini-growing',
  'decay',
];

export const apolloReplays: readonly Replay[] = names.map((name) => ({
  file: 'apollo',
  name,
  follow: (one) => followMatrix(one, make(one)),
  unlike: (one) => followMatrix(one, make(one, { growth: 1.02, beta2: 0.99 })),
  check(one, { states }) {
    one.extra?.forEach((extra, t) => {
      const [compressed] = states[t + 1] as [{ leaves: { w: { own: { norm: { dataSync(): Float32Array } } } } }];
      const kept = compressed.leaves.w.own.norm.dataSync()[0] as number;
      const ratio = kept / (extra.limiter_norm as number);
      if (Math.abs(ratio - 1) > 1e-5) throw new Error(`the limiter of step ${t} holds ${ratio} times the norm`);
    });
  },
}));
