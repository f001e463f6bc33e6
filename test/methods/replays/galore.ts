import { type CompressedSide, galore } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

/** `proj_type` by its name there. */
const sides: Readonly<Record<string, CompressedSide>> = {
  std: 'std',
  reverse_std: 'reverse',
  left: 'left',
  right: 'right',
};

/** The dimension that is compressed. */
function compressed({ init, options }: Recorded): number {
  const [n, m] = init.shape as [number, number];
  const side = sides[options.proj_type as string];
  if (side === 'left' || side === 'right') return side === 'left' ? n : m;
  return side === 'std' ? Math.min(n, m) : Math.max(n, m);
}

const make = (one: Recorded, changed: Partial<Parameters<typeof galore>[0]> = {}) =>
  galore({
    learningRate: one.options.lr,
    rank: one.options.rank,
    refreshEvery: one.options.update_proj_gap as number,
    scale: one.options.scale as number,
    side: sides[one.options.proj_type as string] ?? 'std',
    correctBias: one.options.correct_bias !== false,
    projector: givenProjector(one)(compressed(one)),
    ...changed,
  });

const names = ['std-wide', 'std-square', 'std-wide-f32', 'left-tall', 'reverse-wide', 'no-bias-correction'];

export const galoreReplays: readonly Replay[] = [
  ...names.map((name) => ({
    file: 'galore',
    name,
    follow: (one: Recorded) => followMatrix(one, make(one)),
    unlike: (one: Recorded) => followMatrix(one, make(one, { scale: 0.3 })),
  })),
  {
    file: 'galore',
    name: 'full-wide',
    notReproduced:
      'both sides at once are not offered: at a refresh all that is off the diagonal of C is rounding noise',
  },
];
