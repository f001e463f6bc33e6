import { describe, expect, it } from 'vitest';
import {
  adamSnsm,
  applyUpdates,
  type Combine,
  chain,
  compress,
  correctBias,
  decayAfterStep,
  type EmaState,
  ema,
  type GradientTransform,
  identity,
  liftPlusRest,
  linalg,
  matmul,
  onSide,
  type Projection,
  type Projector,
  projectors,
  random,
  scale,
  scaleBySubsetNorm,
  stateBytes,
  subspaceMomentum,
  type Tensor,
  transpose,
  withGain,
  zeros,
} from '../../../../src/index';
import { givenProjector, limitsOf, type Matrix, matrix, type Recorded, recordedRuns } from '../../../methods/replay';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);
const runs = recordedRuns('snsm').filter(({ options }) => options?.momentum_type === 'sm');
const unit = 2 ** -24;

/** The recorded projections on the side of their program: rows and columns are chosen on the larger one. */
function given(one: Recorded): Projector {
  const [n, m] = one.init.shape as [number, number];
  const along = one.options.proj_type === 'svd' ? Math.min(n, m) : Math.max(n, m);
  return onSide(givenProjector(one)(along), one.options.proj_type === 'svd' ? 'std' : 'reverse');
}

const ours = (one: Recorded) =>
  (one.options.second_moment_type === 'sn' ? adamSnsm : subspaceMomentum)({
    learningRate: one.options.lr,
    rank: one.options.rank,
    refreshEvery: one.options.update_proj_gap as number,
    weightDecay: (one.options.weight_decay as number | undefined) ?? 0,
    projector: given(one),
  });

/** The same of public parts, with the published order of a refresh: the old momentum once more, then zero. */
function resetLate(one: Recorded): GradientTransform<unknown> {
  const {
    lr,
    rank,
    update_proj_gap,
    weight_decay = 0,
  } = one.options as Recorded['options'] & { weight_decay?: number };
  const combine: Combine<EmaState> = (G, leaf, moves, path) => {
    const [U, next] = liftPlusRest(G, leaf, moves, path);
    if (next.refreshes === leaf.refreshes) return [U, next];
    const mean = Object.fromEntries(Object.entries(next.inner.mean).map(([name, { shape }]) => [name, zeros(shape)]));
    return [U, { ...next, inner: { ...next.inner, mean } }];
  };
  const numerator = compress({
    projector: given(one),
    rank,
    inner: ema({ decay: 0.9 }),
    refreshEvery: update_proj_gap as number,
    onRefresh: 'keep',
    combine,
  });
  const subset = one.options.second_moment_type === 'sn' ? 'heuristic' : 1;
  return chain(scaleBySubsetNorm({ numerator, subset }), correctBias(), scale(-lr), decayAfterStep(weight_decay, lr));
}

/** How far the weights of each step are from the record. */
function off(one: Recorded, method: GradientTransform<unknown>): number[] {
  const params = { w: matrix(one.init) };
  let state = method.init(params);
  return one.grads.map((g, t) => {
    const [updates, next] = method.update({ w: matrix(g) }, state, params);
    applyUpdates(params, updates);
    state = next;
    const expected = one.weights[t]?.data ?? [];
    return Math.max(...numbers(params.w).map((x, i) => Math.abs(x - (expected[i] as number))));
  });
}

describe.each(runs)('the record $name', (one) => {
  const limits = limitsOf(one);

  it('is followed up to the first refresh, where we start from zero and its program a step later', () => {
    const differences = off(one, ours(one));
    differences.slice(0, 2).forEach((difference, t) => {
      expect(difference).toBeLessThan(limits[t] as number);
    });
    expect(differences[2]).toBeGreaterThan(100 * (limits[2] as number));
  });

  it('is followed to its end with that order of a refresh', () => {
    off(one, resetLate(one)).forEach((difference, t) => {
      expect(difference).toBeLessThan(limits[t] as number);
    });
  });

  if (one.options.proj_type === 'svd')
    it('has the subspaces that our own refresh finds', () => {
      for (const { step, P } of one.projections ?? []) {
        const [n, m] = one.init.shape as [number, number];
        const tall = n > m;
        const { u, vt } = linalg.svd(matrix(one.grads[step] as Matrix), { rank: one.options.rank });
        const ownBasis = tall ? transpose(vt) : u; // [d, r]
        const theirs = matrix(P as Matrix);
        const span = (basis: Tensor): Tensor => matmul(basis, basis, { transposeB: true });
        const [a, b] = [span(ownBasis), span(tall ? transpose(theirs) : theirs)].map(numbers) as [number[], number[]];
        expect(Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))))).toBeLessThan(2e-5);
      }
    });
});

const subspaces = ['svd', 'topk', 'uniform', 'srht'] as const;

/** Updates of U alone: without the division, its correction and the learning rate. */
function numeratorOf(projector: Projector, beta1: number): GradientTransform<unknown> {
  return compress({
    projector,
    rank: 3,
    inner: ema({ decay: beta1 }),
    refreshEvery: 3,
    onRefresh: 'reset',
    combine: liftPlusRest,
  });
}

const kinds: Readonly<Record<(typeof subspaces)[number], Projector>> = {
  svd: projectors.svd,
  topk: onSide(projectors.topCoordinates, 'reverse'),
  uniform: onSide(projectors.coordinatesUnscaled, 'reverse'),
  srht: withGain(projectors.srht, (d, r) => r / d),
};

describe.each(subspaces)('momentum in the subspace of %s', (name) => {
  const shape = [8, 16];
  const projector = kinds[name];

  it('is the gradient itself for β = 0', () => {
    const transform = numeratorOf(projector, 0);
    const params = { w: zeros(shape) };
    let state = transform.init(params);
    for (let t = 0; t < 4; t++) {
      const G = random.normal(random.key(t), shape);
      const [updates, next] = transform.update({ w: G }, state, params);
      numbers(updates.w).forEach((x, i) => {
        expect(x).toBeCloseTo(numbers(G)[i] as number, 5);
      });
      state = next;
    }
  });

  it('leaves what is outside as it is, and has the mean of the past inside', () => {
    const transform = numeratorOf(projector, 0.8);
    const params = { w: zeros(shape) };
    type Leaves = { readonly leaves: { readonly w: { readonly projection: Projection } } };
    let state = transform.init(params);
    let inside: Tensor | undefined;
    for (let t = 0; t < 5; t++) {
      const G = random.normal(random.key(t), shape);
      const [updates, next] = transform.update({ w: G }, state, params);
      const { projection } = (next as Leaves).leaves.w;
      const down = (x: Tensor): Tensor => projector.down(projection, x);
      const outside = (x: Tensor): Tensor => x.sub(projector.up(projection, down(x)));
      const [u, g] = [outside(updates.w as Tensor), outside(G)].map(numbers) as [number[], number[]];
      expect(Math.max(...u.map((x, i) => Math.abs(x - (g[i] as number))))).toBeLessThan(1e-5);
      // Refreshes at the steps 1, 3 and 6, counted from 1, where the momentum starts from zero.
      const begins = t === 0 || (t + 1) % 3 === 0;
      const moved = down(G).mul(0.2);
      inside = begins || !inside ? moved : inside.mul(0.8).add(moved);
      const [e, expected] = [down(updates.w as Tensor), inside].map(numbers) as [number[], number[]];
      expect(Math.max(...e.map((x, i) => Math.abs(x - (expected[i] as number))))).toBeLessThan(1e-5);
      state = next;
    }
  });

  it('is what the method has under this name', () => {
    const one = subspaceMomentum({ learningRate: 0.1, rank: 3, refreshEvery: 3, projector: name });
    const same = subspaceMomentum({ learningRate: 0.1, rank: 3, refreshEvery: 3, projector });
    const params = { w: zeros(shape) };
    const [first, second] = [one, same].map((method) => {
      let state: unknown = method.init(params);
      return [0, 1, 2].flatMap((t) => {
        const [updates, next] = (method as GradientTransform<unknown>).update(
          { w: random.normal(random.key(t), shape) },
          state,
          params,
        );
        state = next;
        return numbers(updates.w);
      });
    });
    expect(first).toEqual(second);
  });
});

describe('AdamSNSM', () => {
  it('keeps what is said of a weight', () => {
    const params = { w: zeros([10, 16]) };
    const bytes = (projector: (typeof subspaces)[number]): number =>
      stateBytes(adamSnsm({ learningRate: 1, rank: 3, projector }).init(params));
    expect(bytes('svd')).toBe(4 * (3 * 16 + 3 * 10 + 16));
    expect(bytes('topk')).toBe(4 * (3 * 10 + 2 * 3 + 16));
    expect(bytes('uniform')).toBe(4 * (3 * 10 + 16));
    expect(bytes('srht')).toBe(4 * (3 * 16 + 16));
  });

  it('multiplies the raw part by the correction of its bias too', () => {
    const params = { w: zeros([4, 6]) };
    const G = random.normal(random.key(1), [4, 6]);
    const method = adamSnsm({ learningRate: 1, rank: 1, beta1: 0.5, beta2: 0.96, epsilon: 0 });
    const [{ w }] = method.update({ w: G }, method.init(params), params);
    const plain = scaleBySubsetNorm({ beta2: 0.96, epsilon: 0, numerator: identity });
    const [{ w: raw }] = plain.update({ w: G }, plain.init(params), params);
    // Of G = Σ σ_i·u_i·v_iᵀ the leading part is halved, and all of it is multiplied by √(1 − 0.96)/(1 − 0.5).
    const { u: left, s, vt } = linalg.svd(G, { rank: 1 });
    const lead = matmul(left.mul(s), vt);
    const [u, r, l, g] = [w, raw, lead, G].map(numbers) as [number[], number[], number[], number[]];
    u.forEach((x, i) => {
      const share = 1 - (0.5 * (l[i] as number)) / (g[i] as number);
      expect(Math.abs(x + 0.4 * (r[i] as number) * share)).toBeLessThan(512 * unit * (1 + Math.abs(x)));
    });
  });
});

it('the recorded SRHT is a selection of rows: what it transforms cancels on the way up', () => {
  interface Selected {
    readonly G: Matrix;
    readonly rows: number[];
    readonly round_trip: Matrix;
  }
  const { G, rows, round_trip } = recordedRuns('snsm').find(({ name }) => name === '8x16-r3') as unknown as Selected;
  const [n, m] = G.shape as [number, number];
  round_trip.data.forEach((x, i) => {
    const gain = rows.includes(Math.floor(i / m)) ? m / (n * rows.length) : 0;
    expect(Math.abs(x - gain * (G.data[i] as number))).toBeLessThan(1e-8);
  });
});
