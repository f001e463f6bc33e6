import { describe, expect, it } from 'vitest';
import { ldadam, linalg, type Projection, projectors, random, stateBytes, type Tensor } from '../../../../src/index';

const unit = 2 ** -24;
const norm = (x: Tensor): number => Math.hypot(...x.dataSync());
const gradient = (t: number, shape: number[]): Tensor => random.normal(random.key(t + 1), shape);

type Options = Parameters<typeof ldadam>[0];

/** The states of the compressed weight, first to last, and the updates. */
function steps(options: Partial<Options>, shape: number[], count = 6, gradientAt = gradient) {
  const transform = ldadam({ learningRate: 0.1, rank: 2, ...options });
  const params = { w: random.normal(random.key(0), shape) };
  let state = transform.init(params);
  const leaf = () => {
    const { w } = state[0].leaves;
    if (!w) throw new Error('nothing was compressed');
    return w;
  };
  const leaves = [leaf()];
  const updates = Array.from({ length: count }, (_, t) => {
    const [update, next] = transform.update({ w: gradientAt(t, shape) }, state, params);
    state = next;
    leaves.push(leaf());
    return update.w as Tensor;
  });
  return { leaves, updates, bytes: stateBytes(state) };
}

/** Momentum in the shape of the gradient; every projection is stored, as in `svd`. */
const momentum = ({
  projection,
  inner,
}: {
  projection: Projection;
  inner: { mean: Readonly<Record<string, Tensor>> };
}) => projectors.svd.up(projection as Parameters<typeof projectors.svd.up>[0], inner.mean.w as Tensor);

describe('LDAdam', () => {
  it.each([
    [{}, [5, 9]],
    [{ projectionMethod: 'svd', beta1: 0.8 }, [9, 5]],
    [{ refreshEvery: 3 }, [6, 6]],
  ] as const)(
    '%o loses nothing: what a step drops is in the error, to the sum of momentum and gradient',
    (options, shape) => {
      const { beta1 = 0.908 } = options as Options; // its default
      const { leaves } = steps(options, [...shape]);
      for (let t = 0; t < 6; t++) {
        const [old, now] = [leaves[t], leaves[t + 1]] as const;
        if (!old?.own || !now?.own) throw new Error('no error is kept');
        const G = gradient(t, [...shape]).add(old.own.error);
        const before = momentum(old)
          .mul(beta1)
          .add(G.mul(1 - beta1));
        const after = momentum(now).add(now.own.error.mul(1 - beta1));
        expect(norm(before.sub(after)) / norm(before)).toBeLessThan(64 * unit);
      }
    },
  );

  it('drops nothing at full rank', () => {
    const { leaves } = steps({ rank: 4 }, [4, 7]);
    for (const { own } of leaves.slice(1)) expect(norm(own?.error as Tensor)).toBeLessThan(64 * unit * Math.sqrt(28));
  });

  it('steps the same whatever the signs of its basis are', () => {
    const bases = Array.from({ length: 6 }, (_, t) =>
      linalg.qr(random.normal(random.key(t + 50), [5, 2])).q.transpose(),
    );
    const signs = bases.map((_, t) => random.rademacher(random.key(t), [2, 1]));
    const flipped = bases.map((basis, t) => basis.mul(signs[t] as Tensor));
    expect(signs.map((x) => x.dataSync().join())).toContain('1,-1'); // some rows do turn
    const [one, other] = [bases, flipped].map((list) => steps({ projector: projectors.explicit(list) }, [5, 9]));
    one?.updates.forEach((update, t) => {
      const off = norm(update.sub(other?.updates[t] as Tensor));
      expect(off / norm(update)).toBeLessThan(256 * unit);
    });
  });

  it('steps on the transpose as on the gradient', () => {
    const wide = steps({}, [5, 9]);
    const tall = steps({}, [9, 5], 6, (t) => gradient(t, [5, 9]).transpose());
    wide.updates.forEach((update, t) => {
      expect(norm((tall.updates[t] as Tensor).transpose().sub(update)) / norm(update)).toBeLessThan(1e-4);
    });
  });

  it('keeps the moments and the projection, and one number for each weight where it feeds back', () => {
    expect(steps({}, [9, 5]).bytes).toBe(4 * (2 * 2 * 9 + 2 * 5 + 9 * 5));
    expect(steps({ errorFeedback: false }, [9, 5]).bytes).toBe(4 * (2 * 2 * 9 + 2 * 5));
  });

  it('compresses the side that its authors do', () => {
    const sideOf = (shape: number[], side?: 'reverse' | 'left') => steps({ side }, shape, 0).leaves[0]?.projection.side;
    expect([sideOf([5, 9]), sideOf([6, 6]), sideOf([9, 5])]).toEqual(['left', 'left', 'right']);
    expect([sideOf([5, 9], 'reverse'), sideOf([9, 5], 'reverse')]).toEqual(['right', 'left']);
    expect(sideOf([9, 5], 'left')).toBe('left');
  });
});
