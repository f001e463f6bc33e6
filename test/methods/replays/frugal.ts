import { type FrugalOptions, frugal } from '../../../src/index';
import { followMatrix, givenProjector, type Recorded, type Replay } from '../replay';

/** Names of the program. */
const rules: Readonly<Record<string, FrugalOptions['inactive']>> = { no: 'none' };

/** The projectors of the record, at the rank that the density comes to here. */
function projector({ options, init, ...one }: Recorded) {
  const [first] = one.projections ?? [];
  const rank = first?.indices?.length ?? Math.min(...(first?.P?.shape ?? []));
  return givenProjector({ ...one, init, options: { ...options, rank } })(Math.min(...init.shape));
}

const make = (one: Recorded, changed: Partial<FrugalOptions> = {}) =>
  frugal({
    learningRate: one.options.lr,
    kind: one.options.kind as FrugalOptions['kind'],
    density: one.options.density as number,
    refreshEvery: one.options.update_gap as number,
    inactive: rules[one.options.inactive_update_rule as string],
    inactiveScale: one.options.inactive_lr_scale as number | undefined,
    projectedScale: one.options.proj_params_lr_scale as number | undefined,
    reset: one.options.reset_statistics as boolean | undefined,
    weightDecay: one.options.weight_decay as number | undefined,
    projector: projector(one),
    ...changed,
  });

const names = [
  'svd-wide',
  'randperm-wide',
  'rows-wide',
  'svd-tall',
  'svd-wide-f32',
  'svd-no-inactive-keep-state',
  'svd-inactive-lr-0.1-lr-scale-0.5',
];

export const frugalReplays: readonly Replay[] = names.map((name) => ({
  file: 'frugal',
  name,
  follow: (one) => followMatrix(one, make(one)),
  unlike: (one) => followMatrix(one, make(one, { reset: one.options.reset_statistics === false })),
  check(one, { states }) {
    const [{ leaves }] = states.at(-1) as [{ leaves: { w: { inner: { mean: { w: { size: number } } } } } }];
    const { size } = leaves.w.inner.mean.w;
    if (size !== one.state_numel?.exp_avg) throw new Error(`a moment of ${size} floats`);
  },
}));
