import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adapter,
  add,
  type ForwardOptions,
  GRU,
  LSTM,
  type LSTMState,
  linear,
  lora,
  mul,
  type Params,
  random,
  recurrentNames,
  referenceBackend,
  renameParams,
  setBackend,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  wasmBackend,
  zeros,
} from '../../../../src/index';
import { expectClose } from '../../../../src/laws/close';

interface Numbers {
  readonly shape: number[];
  readonly values: number[];
}
type Named = Readonly<Record<string, Numbers>>;

/** What `test/golden/make_recurrent.py` writes: the gradients are those of Σ weights ⊙ (output, last states). */
interface Golden {
  readonly cases: readonly {
    readonly kind: 'GRU' | 'LSTM';
    readonly parameters: Named;
    readonly x: Numbers;
    readonly state: Named;
    readonly output: Numbers;
    readonly outputFromZeros: Numbers;
    readonly last: Named;
    readonly weights: readonly Numbers[];
    readonly gradients: Named;
    readonly xGradient: Numbers;
    readonly stateGradients: Named;
  }[];
}
const { cases }: Golden = JSON.parse(readFileSync('test/golden/recurrent.json', 'utf8'));

const key = random.key(0);
const of = ({ values, shape }: Numbers): Tensor => tensor(values, { shape });
const numbers = (t: Tensor | null): number[] => Array.from((t as Tensor).dataSync());
const params = (named: Named): Params =>
  renameParams(Object.fromEntries(Object.entries(named).map(([name, entry]) => [name, of(entry)])), recurrentNames);

type State = Readonly<Record<string, Tensor>>;

/** Either layer, with its state as a record. */
function layerOf(kind: 'GRU' | 'LSTM', inputs: number, width: number) {
  if (kind === 'GRU') {
    const layer = new GRU(inputs, width, { key });
    const forward = (x: Tensor, given?: State): readonly [Tensor, State] => {
      const { output, state } = layer.forward(x, { state: given?.hidden });
      return [output, { hidden: state }];
    };
    return { layer, forward };
  }
  const layer = new LSTM(inputs, width, { key });
  const forward = (x: Tensor, given?: State): readonly [Tensor, State] => {
    const { output, state } = layer.forward(x, { state: given as unknown as LSTMState });
    return [output, { ...state }];
  };
  return { layer, forward };
}

/** No element is a sum of more terms than there are parameters, and no gradient is larger than 32 before it is summed. */
const terms = 512;
function near(actual: Tensor | undefined, expected: Numbers): void {
  expect(actual?.shape).toEqual(expected.shape);
  expectClose((actual as Tensor).dataSync(), Float32Array.from(expected.values), terms);
}

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
] as const)('on %s', (_, create) => {
  beforeAll(() => setBackend(create()));
  afterAll(() => setBackend(wasmBackend()));

  it.each(cases)('$kind has the values, last states and gradients of PyTorch', (golden) => {
    const { layer, forward } = layerOf(golden.kind, 3, 5);
    layer.load(params(golden.parameters));
    const x = of(golden.x);
    const state = params(golden.state);
    const [output, last] = forward(x, state);
    near(output, golden.output);
    expect(Object.keys(last)).toEqual(Object.keys(golden.last));
    for (const [name, expected] of Object.entries(golden.last)) near(last[name], expected);
    near(forward(x)[0], golden.outputFromZeros);

    const loss = (): Tensor => {
      const [y, after] = forward(x, state);
      return [y, ...Object.values(after)]
        .map((one, i) => sum(mul(one, of(golden.weights[i] as Numbers))))
        .reduce((a, b) => add(a, b));
    };
    const watched: Params = { ...layer.parameters(), x, ...state };
    const { grads } = valueAndGrad(loss, watched);
    const expected = { ...golden.gradients, x: golden.xGradient, ...golden.stateGradients };
    const renamed = params(expected);
    expect(Object.keys(renamed).sort()).toEqual(Object.keys(watched).sort());
    for (const [name, entry] of Object.entries(expected)) {
      near(grads[Object.keys(renamed)[Object.keys(expected).indexOf(name)] as string], entry);
    }
  });
});

/** Changes nothing, and notes the keys that it gets. */
class Spy extends Adapter {
  readonly additive = false;
  readonly #keys: unknown[];

  constructor(keys: unknown[]) {
    super();
    this.#keys = keys;
  }

  forward(x: Tensor, weight: Tensor, bias: Tensor | null, options: ForwardOptions): Tensor {
    this.#keys.push(options.key);
    return linear(x, weight, bias ?? undefined);
  }
}

describe.each(['GRU', 'LSTM'] as const)('%s', (kind) => {
  const gates = { GRU: 3, LSTM: 4 }[kind];

  it('has parameters of PyTorch’s shapes, drawn from U(−1/√H, 1/√H), whatever the number of inputs', () => {
    const { layer } = layerOf(kind, 2, 16);
    const shapes = Object.entries(layer.parameters()).map(([path, { shape }]) => [path, shape]);
    expect(shapes).toEqual([
      ['input.weight', [gates * 16, 2]],
      ['input.bias', [gates * 16]],
      ['hidden.weight', [gates * 16, 16]],
      ['hidden.bias', [gates * 16]],
    ]);
    for (const parameter of Object.values(layer.parameters())) {
      const largest = Math.max(...numbers(parameter).map(Math.abs));
      expect(largest).toBeLessThanOrEqual(0.25);
      // At least 48 draws below 0.7 of the bound have a chance of 0.7^48 < 4e-8.
      expect(largest).toBeGreaterThan(0.7 * 0.25);
    }
  });

  it('goes on from its state as if the sequence had not been cut, to the bit', () => {
    const { forward } = layerOf(kind, 3, 5);
    const x = random.normal(key, [2, 7, 3]);
    const [whole, last] = forward(x);
    const [first, between] = forward(x.slice([0, 0], [2, 3]));
    const [second, end] = forward(x.slice([0, 3], [2, 7]), between);
    expect(numbers(first)).toEqual(numbers(whole.slice([0, 0], [2, 3])));
    expect(numbers(second)).toEqual(numbers(whole.slice([0, 3], [2, 7])));
    for (const name of Object.keys(last)) expect(numbers(end[name] as Tensor)).toEqual(numbers(last[name] as Tensor));
  });

  it('sees no later input, and each sequence of a batch for itself', () => {
    const { forward } = layerOf(kind, 1, 3);
    const x = random.normal(key, [2, 5, 1]);
    const { grads } = valueAndGrad(() => sum(forward(x)[0].slice([1, 2], [2, 3])), { x });
    const reached = numbers(grads.x as Tensor).map((g) => g !== 0);
    expect(reached).toEqual([false, false, false, false, false, true, true, true, false, false]);
  });

  it('can do without biases', () => {
    const layer = kind === 'GRU' ? new GRU(2, 3, { key, bias: false }) : new LSTM(2, 3, { key, bias: false });
    expect(Object.keys(layer.parameters())).toEqual(['input.weight', 'hidden.weight']);
    expect(layer.forward(zeros([1, 2, 2])).output.shape).toEqual([1, 2, 3]);
  });

  it('hosts adapters in both products, which get keys of their own, another one in each step', () => {
    const { layer } = layerOf(kind, 2, 4);
    lora(layer, { rank: 1 });
    const trained = layer.parameters({ trainable: true });
    expect(Object.keys(trained)).toEqual(['input.lora.A', 'input.lora.B', 'hidden.lora.A', 'hidden.lora.B']);
    const x = random.normal(key, [3, 4, 2]);
    const { grads } = valueAndGrad(() => sum(layer.forward(x).output), trained);
    for (const path of ['input.lora.B', 'hidden.lora.B']) expect(numbers(grads[path] as Tensor)).not.toContain(0);

    const keys: unknown[] = [];
    for (const part of [layer.input, layer.hidden]) part.lora = new Spy(keys);
    layer.forward(x, { key });
    expect(keys.length).toBe(5);
    expect(new Set(keys.map(String)).size).toBe(5);
    layer.forward(x);
    expect(keys.slice(5)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('refuses what is no sequence, and states of another size', () => {
    const { layer, forward } = layerOf(kind, 3, 5);
    for (const shape of [
      [2, 3],
      [2, 4, 4],
      [2, 0, 3],
      [1, 2, 4, 3],
    ]) {
      expect(() => forward(zeros(shape))).toThrow(/recurrent\/shapes/);
    }
    const state = { hidden: zeros([1, 5]), cell: zeros([1, 5]) };
    expect(() => forward(zeros([2, 4, 3]), state)).toThrow(/recurrent\/shapes.*\n?.*and the state \[1, 5\]/);
    const typo = { stat: zeros([2, 5]) };
    expect(() => layer.forward(zeros([2, 4, 3]), typo as object)).toThrow(/stat/);
  });
});
