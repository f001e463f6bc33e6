import {
  abs,
  auroRa,
  eye,
  Linear,
  lily,
  type MoraType,
  maximum,
  mora,
  mul,
  nora,
  type Params,
  random,
  slice,
  type Tensor,
  valueAndGrad,
  vera,
} from '../../../src/index';
import {
  type AdapterRecord,
  type AdapterReplay,
  allCompared,
  comparedTo,
  recorded,
  recordedTensor,
} from '../adapter-replay';
import type { Matrix } from '../replay';

/** The record's layer with a weight of its own or of zeros, an adapter, and values of its parameters by name. */
function layerOf([n, m]: readonly [number, number], weight: Tensor | null, attach: (layer: Linear) => unknown) {
  const layer = new Linear(m, n, { bias: false, key: random.key(0) });
  attach(layer);
  layer.load({ ...layer.state(), weight: weight ?? mul(layer.weight, 0) });
  return layer;
}

/** Gradients of ⟨y, dy⟩, of the adapter's parameters by path and of `x`. */
function gradientsOf(layer: Linear, x: Tensor, dy: Tensor): Params {
  const params: Params = { ...layer.parameters({ trainable: true }), x };
  return valueAndGrad(() => mul(layer.forward(x), dy).sum(), params).grads;
}

/** What the adapter adds to a weight of zeros. */
const changeOf = (layer: Linear): Tensor => layer.lora?.mergedInto?.(mul(layer.weight, 0), 1) as Tensor;

/** A number of roundings, each at the size of a sum of magnitudes, in units of the largest result. */
const roundings = (
  count: number,
  magnitudes: Tensor,
  result: Pick<Tensor, 'dataSync'> | { data: number[] },
): number => {
  const size = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));
  return (count * size(magnitudes.dataSync())) / size('data' in result ? result.data : result.dataSync());
};

function followMora(one: AdapterRecord, read: (type: MoraType) => MoraType = (type) => type) {
  const { n, m, rank, type } = one.options as { n: number; m: number; rank: number; type: MoraType };
  const made = (Q: Tensor, type: MoraType): Linear => {
    const layer = layerOf([n, m], null, (host) => mora(host, { rank, type }));
    layer.load({ ...layer.state(), 'lora.Q': Q });
    return layer;
  };
  const [x, dy, Q] = ['x', 'dy', 'Q'].map((name) => recordedTensor(one, name)) as [Tensor, Tensor, Tensor];
  // Magnitudes go through maps of ones. A turn makes an element at most √2 of the largest, so for type 6 all are that.
  const turned = type === 6;
  const [layer, magnitude] = [made(Q, read(type)), made(mul(Q.abs(), turned ? Math.SQRT2 : 1), turned ? 1 : type)];
  const inputs = turned ? maximum(x.abs(), x.abs().max()) : x.abs();
  // x and Q are rounded, then the sums of C, of Q and of the output; a turn is a rounded product with a rounded cosine more.
  const count = turned ? 7 : 5;
  const units = (field: string, magnitudes: Tensor): number => roundings(count, magnitudes, recorded(one, field));
  return allCompared(
    comparedTo(
      gradientsOf(layer, x, dy)['lora.Q'] as Tensor,
      recorded(one, 'dQ'),
      units('dQ', gradientsOf(magnitude, inputs, dy.abs())['lora.Q'] as Tensor),
    ),
    comparedTo(changeOf(layer), recorded(one, 'delta_from_forward'), units('delta_from_forward', changeOf(magnitude))),
    comparedTo(layer.forward(x), recorded(one, 'y'), units('y', magnitude.forward(inputs))),
  );
}

const moraNames = [
  ...['type1-7x10-r1', 'type1-8x8-r2', 'type2-10x7-r1', 'type3-7x10-r1', 'type3-8x8-r2', 'type4-10x7-r1'],
  ...['type6-7x10-r1', 'type6-8x8-r2', 'type6-12x20-r2'],
];
/** Another type, of the same r̂. */
const misread: Readonly<Record<MoraType, MoraType>> = { 1: 4, 2: 3, 3: 2, 4: 1, 6: 1 };

function followVera(one: AdapterRecord, fromEnd = false) {
  const { W, A_shared, B_shared } = one as unknown as Readonly<Record<string, Matrix>>;
  const [n, m] = (W as Matrix).shape as [number, number];
  const rank = one.options.rank as number;
  const [A, B] = [recordedTensor(one, 'A_shared'), recordedTensor(one, 'B_shared')];
  const shared = fromEnd
    ? {
        A: slice(A, [0, ((A_shared as Matrix).shape[1] as number) - m]),
        B: slice(B, [((B_shared as Matrix).shape[0] as number) - n]),
      }
    : { A, B };
  const made = (of: (t: Tensor) => Tensor): Linear => {
    const pair = { A: of(shared.A), B: of(shared.B) };
    const layer = layerOf([n, m], of(recordedTensor(one, 'W')), (host) => vera(host, { rank, shared: pair }));
    layer.load({
      ...layer.state(),
      'lora.d': of(recordedTensor(one, 'lambda_d')),
      'lora.b': of(recordedTensor(one, 'lambda_b')),
    });
    return layer;
  };
  const [layer, magnitude] = [made((t) => t), made(abs)];
  const [x, dy] = [recordedTensor(one, 'x'), recordedTensor(one, 'dy')];
  const [grads, sizes] = [gradientsOf(layer, x, dy), gradientsOf(magnitude, abs(x), abs(dy))];
  const { grads: expected } = one as unknown as { readonly grads: Readonly<Record<string, Matrix>> };
  // Five numbers of each product are rounded, then two sums, two factors, and the sum with what the weight gives.
  const compared = (actual: Tensor, record: Matrix, size: Tensor) =>
    comparedTo(actual, record, roundings(10, size, record));
  return allCompared(
    ...Object.entries({ lambda_d: 'lora.d', lambda_b: 'lora.b', x: 'x' }).map(([name, path]) =>
      compared(grads[path] as Tensor, expected[name] as Matrix, sizes[path] as Tensor),
    ),
    compared(changeOf(layer), recorded(one, 'delta'), changeOf(magnitude)),
    compared(layer.forward(x), recorded(one, 'y'), magnitude.forward(abs(x))),
  );
}

function followNora(one: AdapterRecord, withD = true) {
  const { rank, inner } = one.options as { rank: number; inner: number };
  const [n, m] = recorded(one, 'product').shape as [number, number];
  const made = (of: (t: Tensor) => Tensor): Linear => {
    const alpha = Math.sqrt(rank); // the record is without a scale
    const layer = layerOf([n, m], null, (host) => nora(host, { rank, inner, alpha }));
    const [A, B, d] = ['RB', 'RA', 'd'].map((name) => of(recordedTensor(one, name))) as [Tensor, Tensor, Tensor];
    const [outerA, outerB] = ['A', 'B'].map((name) => of(recordedTensor(one, name))) as [Tensor, Tensor];
    const own = { 'lora.A': A, 'lora.B': B, 'lora.outerA': outerA, 'lora.outerB': outerB };
    layer.load({ ...layer.state(), ...own, 'lora.d': withD ? d : mul(d, 0).add(1) });
    return layer;
  };
  const product = recorded(one, 'product');
  // Five numbers of each product are rounded, the factor d, and three sums.
  return comparedTo(changeOf(made((t) => t)), product, roundings(9, changeOf(made(abs)), product));
}

function followLily(one: AdapterRecord, alike = false) {
  const { rank, experts, scaling } = one.options as Readonly<Record<'rank' | 'experts' | 'scaling', number>>;
  const [n, m] = recorded(one, 'W').shape as [number, number];
  const layer = layerOf([n, m], recordedTensor(one, 'W'), (host) => lily(host, { rank, experts, scale: scaling }));
  const [A, R] = [recordedTensor(one, 'A'), recordedTensor(one, 'router')];
  const B = recordedTensor(one, 'B_stack').reshape([experts, rank, n]);
  layer.load({ ...layer.state(), 'lora.A': A, 'lora.B': B, 'lora.R': alike ? mul(R, 0) : R });
  const [x, dy] = [recordedTensor(one, 'x'), recordedTensor(one, 'dy')];
  const grads = gradientsOf(layer, x, dy);
  const { grads: expected } = one as unknown as { readonly grads: Readonly<Record<string, Matrix>> };
  // A chain of fewer than 64 roundings: sums of at most 9 products, a softmax, a mean, and as many on the way back.
  return allCompared(
    ...Object.entries({ A: 'lora.A', B_stack: 'lora.B', router: 'lora.R', x: 'x' }).map(([name, path]) =>
      comparedTo(grads[path] as Tensor, expected[name] as Matrix, 64),
    ),
    comparedTo(layer.forward(x), recorded(one, 'y'), 64),
  );
}

function followAuroRa(one: AdapterRecord, ofEach = false) {
  const [Q, K, z, dy] = ['Q', 'K', 'z', 'dy'].map((name) => recordedTensor(one, name)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const r = one.options.rank as number;
  // A and B are identities and the weight is zero, so that the layer computes N(z).
  const layer = layerOf([r, r], null, (host) => auroRa(host, { rank: r, alpha: r }));
  layer.load({
    ...layer.state(),
    'lora.A': eye(r),
    'lora.B': eye(r),
    'lora.Q': Q,
    'lora.K': ofEach ? mul(K, 1 / r) : K,
  });
  const grads = gradientsOf(layer, z, dy);
  const { grads: expected } = one as unknown as { readonly grads: Readonly<Record<string, Matrix>> };
  // A chain of fewer than 64 roundings: two tanh, 24 splines of at most 2³ a cube, and slopes of 2.5 on the way back.
  return allCompared(
    ...Object.entries({ Q: 'lora.Q', K: 'lora.K', z: 'x' }).map(([name, path]) =>
      comparedTo(grads[path] as Tensor, expected[name] as Matrix, 64),
    ),
    comparedTo(layer.forward(z), recorded(one, 'y'), 64),
  );
}

/** Square matrices, shared and nested factors. */
export const squareReplays: readonly AdapterReplay[] = [
  ...moraNames.map((name) => ({
    file: 'mora',
    name,
    follow: (one: AdapterRecord) => followMora(one),
    unlike: (one: AdapterRecord) => followMora(one, (type) => misread[type]),
  })),
  {
    file: 'vera',
    name: 'sliced',
    follow: (one) => followVera(one),
    unlike: (one) => followVera(one, true), // the last rows and columns of the pair
  },
  {
    file: 'lily',
    name: 'four-experts',
    follow: (one) => followLily(one),
    unlike: (one) => followLily(one, true), // all experts alike
  },
  {
    file: 'auro-ra',
    name: 'third-party',
    follow: (one) => followAuroRa(one),
    unlike: (one) => followAuroRa(one, true), // means of the splines in place of sums
  },
  { file: 'nora', name: 'nested', follow: (one) => followNora(one), unlike: (one) => followNora(one, false) },
];
