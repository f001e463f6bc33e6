import {
  accumulate,
  add,
  applyUpdates,
  div,
  eye,
  flatLora,
  geoLora,
  Linear,
  mul,
  random,
  scale,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  valueAndGrad,
} from '../../../src/index';
import { type AdapterRecord, type AdapterReplay, allCompared, comparedTo, recordedTensor } from '../adapter-replay';
import type { Compared } from '../replay';

interface GeoStep {
  readonly G: Field;
  readonly scaling_before: number;
  readonly rank_after: number;
  readonly product_after: Field;
}
type Field = Parameters<typeof comparedTo>[1] & { readonly shape: number[] };

/** A layer with the recorded weight and without bias. */
function layerOf(one: AdapterRecord, field: string): Linear {
  const weight = recordedTensor(one, field);
  const [outputs, inputs] = weight.shape as readonly [number, number];
  const layer = new Linear(inputs, outputs, { key: random.key(0), bias: false });
  layer.load({ weight });
  return layer;
}

/**
 * All steps of the recorded run from its first bases, each with its recorded gradient of the weight.
 *
 * The program has s = α/r with the rank r of now. A step of the product U·S·Vᵀ is −η·s times the projections of G, so with our
 * constant s the schedule η·(α/r)/s makes the same steps. It gives the augmented bases no more columns than `maxRank`.
 * `at` changes what a step is taken with.
 */
function followedGeo(
  one: AdapterRecord,
  { augmentedRank, tolerance = 0.1 }: { readonly augmentedRank?: number; readonly tolerance?: number },
): Compared {
  const { rank, rmax, rmin, lr, alpha } = one.options as Readonly<Record<string, number>>;
  const steps = one.steps as readonly GeoStep[];
  const scale = (alpha as number) / (rank as number);
  const layer = layerOf(one, 'W0');
  const { transform } = geoLora(layer, {
    rank: rank as number,
    maxRank: rmax as number,
    minRank: rmin as number,
    tolerance,
    ...(augmentedRank !== undefined && { augmentedRank }),
    alpha: alpha as number,
    learningRate: (step) => ((lr as number) * (steps[step] as GeoStep).scaling_before) / scale,
  });
  const first = one.first as { readonly U: Field; readonly V: Field };
  const own = layer.parameters();
  const padded = ({ data, shape }: Field): Tensor =>
    recordedTensor({ ...one, at: { data, shape } }, 'at').pad([
      [0, 0],
      [0, (rmax as number) - (rank as number)],
    ]);
  layer.load({ ...own, 'lora.U': padded(first.U), 'lora.V': padded(first.V) });
  const base = recordedTensor(one, 'W0');
  let state = transform.init(layer.parameters({ trainable: true }));
  return allCompared(
    ...steps.map((step) => {
      const G = recordedTensor({ ...one, G: step.G }, 'G');
      const { grads } = valueAndGrad(
        () => sum(mul(layer.forward(eye(base.shape[1] as number)), G.transpose())),
        layer.parameters({ trainable: true }),
      );
      const [updates, next] = transform.update(grads, state, layer.parameters());
      applyUpdates(layer.parameters(), updates);
      state = next;
      const { 'lora.U': U, 'lora.S': S, 'lora.V': V, 'lora.mask': mask } = layer.parameters() as Record<string, Tensor>;
      const product = (U as Tensor).matmul(S as Tensor).matmul((V as Tensor).transpose());
      const ranks = comparedTo((mask as Tensor).sum(), { data: [step.rank_after] }, 1);
      return allCompared(ranks, comparedTo(product, step.product_after, 64));
    }),
  );
}

interface FlatStep {
  readonly counter: number;
  readonly factor: number;
  readonly row_std: Field;
  readonly noise: Field;
  readonly dA: Field;
  readonly dB: Field;
}

/**
 * Each micro-step of the record: φ at the first of its cycle, σ of each row, and the gradients of the factors at the weight with
 * the recorded noise. Our noise comes from other random numbers, so σ is what ours is divided by, and the gradients are
 * those of our adapter on the weight W + E. The program counts φ in micro-steps, and takes it over at a cycle's first one:
 * `steps` of ours are cycles. `phase` reads φ at another step.
 */
function followedFlat(one: AdapterRecord, { phase = 0 } = {}): Compared {
  const { rho, total, gradient_accumulation: cycle, scaling } = one.options as Readonly<Record<string, number>>;
  const [A, B, x, W] = ['A', 'B', 'x', 'W'].map((field) => recordedTensor(one, field)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const layer = layerOf(one, 'W');
  const { transform } = flatLora(layer, {
    rank: 2,
    alpha: 2 * (scaling as number),
    rho: rho as number,
    steps: (total as number) / (cycle as number),
    inner: accumulate(cycle as number, scale(0)), // the record's factors stay where they are
  });
  layer.load({ ...layer.parameters(), 'lora.A': A, 'lora.B': B });
  let state = transform.init(layer.parameters({ trainable: true }));
  const step = (): void => {
    const [updates, next] = transform.update({ 'lora.A': A, 'lora.B': B }, state, layer.parameters());
    applyUpdates(layer.parameters(), updates);
    state = next;
  };
  for (let i = 0; i < phase; i++) step();
  const size = W.shape[1] as number;
  const key = random.key(5);
  const drawn = random.normal(random.fold(key, 'noise'), W.shape).transpose();
  return allCompared(
    ...(one.steps as readonly FlatStep[]).map(({ row_std, noise, dA, dB }) => {
      const E = sub(layer.forward(eye(size), { key }), layer.forward(eye(size))); // [in, out]
      const sigma = sqrt(div(sum(square(E), { axis: 0 }), sum(square(drawn), { axis: 0 })));
      // E is the difference of two outputs, so it has their rounding.
      const largest = Math.max(...layer.forward(eye(size)).dataSync().map(Math.abs));
      const ofSigma = comparedTo(sigma, row_std, 64);
      step();
      const base = { ...layer.parameters(), weight: add(W, recordedTensor({ ...one, noise }, 'noise')) };
      const moved = layerOf(one, 'W');
      flatLora(moved, { rank: 2, alpha: 2 * (scaling as number), steps: 1, inner: scale(0) });
      moved.load(base);
      const { grads } = valueAndGrad(
        () => mul(sum(square(moved.forward(x))), 0.5),
        moved.parameters({ trainable: true }),
      );
      return allCompared(comparedTo(grads['lora.A'] as Tensor, dA, 64), comparedTo(grads['lora.B'] as Tensor, dB, 64), {
        ...ofSigma,
        limits: ofSigma.limits.map((limit) => limit + 4 * 2 ** -24 * largest),
      });
    }),
  );
}

/** What the adapters that are trained with noise or in other geometries have been compared with. */
export const noiseReplays: readonly AdapterReplay[] = [
  {
    file: 'geo-lora',
    name: 'tau-0.1',
    follow: (one) => followedGeo(one, { augmentedRank: 6 }),
    unlike: (one) => followedGeo(one, {}),
  },
  {
    file: 'flat-lora',
    name: 'ten-micro-steps',
    follow: (one) => followedFlat(one),
    unlike: (one) => followedFlat(one, { phase: 1 }),
  },
];
