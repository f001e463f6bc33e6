import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend, Linear, mul, random, referenceBackend, setBackend, tensor, valueAndGrad } from '../../../src/index';
import { type MoraType, mora } from '../../methods/mora';
import { expectNear, numbers, rankOf } from './cases';

interface Recorded {
  readonly shape: number[];
  readonly data: number[];
}
interface Case {
  readonly name: string;
  readonly options: { readonly type: MoraType; readonly rank: number; readonly n: number; readonly m: number };
  readonly Q: Recorded;
  readonly x: Recorded;
  readonly y: Recorded;
  readonly dy: Recorded;
  readonly dQ: Recorded;
  readonly delta_from_forward: Recorded;
}
// Numbers from the authors' program; the file names the commit.
const golden = JSON.parse(readFileSync('test/golden/adapters.json', 'utf8')) as { readonly mora: readonly Case[] };
const of = ({ shape, data }: Recorded) => tensor(data, { shape });

describe("MoRA, a square matrix between maps, attached by attachAdapters: the authors' numbers", () => {
  const before = backend();
  beforeAll(() => setBackend(referenceBackend()));
  afterAll(() => setBackend(before));

  it.each(golden.mora)('$name', ({ options: { type, rank, n, m }, ...recorded }) => {
    const layer = new Linear(m, n, { bias: false, key: random.key(1) });
    const { adapted, trainable } = mora(layer, { rank, type });
    expect(Object.keys(layer.parameters({ trainable: true }))).toEqual(['lora.Q']);
    expect(trainable).toBe(recorded.Q.data.length);
    const zero = mul(layer.weight, 0);
    layer.load({ weight: zero, 'lora.Q': of(recorded.Q) });
    const x = of(recorded.x);
    // Three products with sums in float64, each rounded once, and angles that the program has in float32.
    expectNear(numbers(layer.forward(x)), recorded.y.data, 4);
    const loss = () => layer.forward(x).mul(of(recorded.dy)).sum();
    expectNear(numbers(valueAndGrad(loss, layer.parameters({ trainable: true })).grads['lora.Q']), recorded.dQ.data, 4);
    const change = numbers(adapted[0]?.adapter.mergedInto(zero, 1));
    expectNear(change, recorded.delta_from_forward.data, 4);
    if (type !== 6) expect(rankOf(change, [n, m])).toBe(Math.min(Math.sqrt(recorded.Q.data.length), n, m));
  });
});
