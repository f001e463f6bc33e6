import { type CompressState, ldadam, type StoredProjection, type Tensor } from '../../../src/index';
import { followMatrix, type Matrix, matrix, type Recorded, type Replay } from '../replay';

const make = ({ options }: Recorded, changed: Partial<Parameters<typeof ldadam>[0]> = {}) => {
  const [beta1, beta2] = (options.betas as readonly number[] | undefined) ?? [];
  return ldadam({
    learningRate: options.lr,
    rank: options.rank,
    beta1,
    beta2,
    rho: options.rho as number | undefined,
    weightDecay: options.weight_decay as number | undefined,
    projectionMethod: options.proj_method === 'svd' ? 'svd' : 'power',
    errorFeedback: options.error_feedback !== false,
    ...changed,
  });
};

type States = readonly [CompressState<StoredProjection, unknown, { readonly error: Tensor }>];

/** AᵀA, which no sign or turn of the basis changes. */
const projectorOf = (a: Tensor): Float32Array => a.transpose().matmul(a).dataSync() as Float32Array;

/** Its own projections span the recorded ones, and the error is as long. */
function check({ extra = [], options }: Recorded, states: readonly unknown[]): void {
  extra.forEach(({ P, error_norm }, t) => {
    const leaf = (states[t + 1] as States)[0].leaves.w;
    if (!leaf) throw new Error('nothing was compressed');
    const recorded = matrix(P as Matrix);
    const expected = projectorOf(recorded.shape[0] === options.rank ? recorded : recorded.transpose());
    const off = Math.max(...projectorOf(leaf.projection.matrix).map((x, i) => Math.abs(x - (expected[i] as number))));
    if (off > 2e-5) throw new Error(`the subspace of step ${t} is off by ${off}`);
    const ratio = Math.hypot(...leaf.own.error.dataSync()) / (error_norm as number);
    if (Math.abs(ratio - 1) > 1e-5) throw new Error(`the error of step ${t} is ${ratio} times as long`);
  });
}

const names = ['power-wide', 'power-square', 'svd-wide', 'decay-betas-rho'];

export const ldadamReplays: readonly Replay[] = names.map((name) => ({
  file: 'ldadam',
  name,
  follow: (one) => followMatrix(one, make(one)),
  unlike: (one) => followMatrix(one, make(one, { rho: 0.5 })),
  check: (one, { states }) => check(one, states),
}));
