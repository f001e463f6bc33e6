import { type CompressedSide, type FiraOptions, fira } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

/** `proj_type` by its name there. */
const sides: Readonly<Record<string, CompressedSide>> = { std: 'std', reverse_std: 'reverse' };

const make = (one: Recorded, changed: Partial<FiraOptions> = {}) => {
  const side = sides[one.options.proj_type as string];
  return fira({
    learningRate: one.options.lr,
    rank: one.options.rank,
    refreshEvery: one.options.update_proj_gap as number,
    scale: one.options.alpha as number,
    side,
    projector: givenProjector(one)((side === 'std' ? Math.min : Math.max)(...one.init.shape)),
    ...changed,
  });
};

const names = ['std-wide', 'std-wide-f32', 'growing-limiter', 'reverse-wide'];

export const firaReplays: readonly Replay[] = names.map((name) => ({
  file: 'fira',
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
