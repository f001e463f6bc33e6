import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { makeResident } from '../../../../src/tensor/assign';
import { recordingTapes } from '../../../../src/tensor/tape';
import { at } from '../functions';

const { applyUpdates, memory, remat, scope, sum, tensor, valueAndGrad } = f;
type Tensor = f.Tensor;
type Params = f.Params;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true });
});

/** What a sink gets, in order; it assigns to each parameter as a trainer does, so that stale reads would show. */
function sunk(loss: () => Tensor, params: Params, step = 1): { value: number[]; grads: Record<string, number[]> } {
  const grads: Record<string, number[]> = {};
  const { value } = valueAndGrad(loss, params, {
    sink(path, gradient) {
      expect(grads).not.toHaveProperty([path]);
      grads[path] = numbers(gradient);
      applyUpdates(params, { [path]: f.add(f.mul(gradient, step), 1) });
    },
  });
  return { value: numbers(value), grads };
}

function recorded(loss: () => Tensor, params: Params): { value: number[]; grads: Record<string, number[]> } {
  const { value, grads } = valueAndGrad(loss, params);
  return {
    value: numbers(value),
    grads: Object.fromEntries(Object.entries(grads).map(([path, g]) => [path, numbers(g)])),
  };
}

const resident = (params: Params): Params => {
  for (const parameter of Object.values(params)) makeResident(parameter);
  return params;
};

/** A loss of random ops on [2, 2] matrices; each node reads parameters or nodes before it, some nodes are dead ends. */
interface Graph {
  readonly nodes: readonly { readonly op: number; readonly a: number; readonly b: number }[];
  readonly wrap: boolean;
}
const names = ['a', 'b', 'c', 'd'];
const graphs: fc.Arbitrary<Graph> = fc.record({
  nodes: fc.array(fc.record({ op: fc.nat(7), a: fc.nat(30), b: fc.nat(30) }), { minLength: 1, maxLength: 14 }),
  wrap: fc.boolean(),
});
const ops: ((a: Tensor, b: Tensor) => Tensor)[] = [
  f.add,
  f.mul,
  f.matmul,
  (a, b) => f.tanh(f.sub(a, b)),
  (a, b) => f.mul(f.stopGradient(a), b),
  (a, b) => remat((x: Tensor) => f.mul(f.tanh(x), f.add(b, f.stopGradient(a))))(a),
  (a, b) => remat(() => f.mul(f.stopGradient(a), f.tanh(b)))(),
  (a, b) =>
    f.customVjp({
      forward: (x: Tensor, y: Tensor) => [f.mul(x, y), { x, y }],
      vjp: (g, { x, y }) => [f.mul(g, y), f.mul(g, x)],
    })(a, b),
];

function lossOf({ nodes, wrap }: Graph, params: Params): () => Tensor {
  const evaluate = (): Tensor => {
    const made = Object.values(params);
    for (const { op, a, b } of nodes) {
      const [x, y] = [made[a % made.length], made[b % made.length]] as [Tensor, Tensor];
      made.push((ops[op] as (typeof ops)[number])(x, y));
    }
    return sum(made.at(-1) as Tensor);
  };
  return wrap ? () => remat(evaluate)() : evaluate;
}

describe('valueAndGrad with a sink', () => {
  it('gives the gradients of the record, bit for bit, on random graphs while it assigns to parameters', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const fresh = (): Params => resident(Object.fromEntries(names.map((name, i) => [name, at(i, [2, 2])])));
        const [p, q] = [fresh(), fresh()];
        const before = memory().tensors;
        expect(sunk(lossOf(graph, q), q)).toEqual(recorded(lossOf(graph, p), p));
        expect(memory().tensors).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  const chained = (params: Params, x: Tensor): Tensor =>
    sum(Object.values(params).reduce((y, w) => f.tanh(f.matmul(y, w)), x));

  it('gives the last layers first, each once, and parameters that the loss does not use zeros at the end', () => {
    const params = resident({ unused: at(9, [3]), first: at(1, [4, 4]), second: at(2, [4, 4]), third: at(3, [4, 4]) });
    const { unused, ...used } = params;
    const order = sunk(() => chained(used, at(5, [2, 4])), params).grads;
    expect(Object.keys(order)).toEqual(['third', 'second', 'first', 'unused']);
    expect(order.unused).toEqual([0, 0, 0]);
    expect(numbers(unused as Tensor)).toEqual(numbers(at(9, [3])).map((x) => Math.fround(x + 1)));
  });

  it('waits for all uses of a tied weight, and serves every name of one tensor', () => {
    const w = at(1, [4, 4]);
    const other = at(2, [4, 4]);
    const params = resident({ w, other, again: w });
    const loss = (): Tensor => chained({ w, other, last: w }, at(5, [2, 4]));
    const expected = recorded(loss, params).grads;
    const { grads } = sunk(loss, params);
    expect(Object.keys(grads)).toEqual(['other', 'w', 'again']);
    expect(grads).toEqual(expected);
  });

  it('has one gradient alive at a time, and frees old values of assigned parameters at once', () => {
    const [layers, width] = [12, 64];
    const make = (): Params =>
      resident(Object.fromEntries(Array.from({ length: layers }, (_, i) => [`w${i}`, at(i, [width, width])])));
    const x = at(99, [1, width]);
    const peakOf = (run: (params: Params) => void): number => {
      const params = make();
      f.backend().resetPeak();
      const before = memory().bytes;
      run(params);
      return (memory().peakBytes - before) / (4 * width * width); // in weights
    };
    const whole = peakOf((params) => {
      scope(() => {
        const { grads } = valueAndGrad(() => chained(params, x), params);
        applyUpdates(params, grads);
      });
    });
    const streamed = peakOf((params) => {
      valueAndGrad(() => chained(params, x), params, {
        sink: (path, gradient) => applyUpdates(params, { [path]: gradient }),
      });
    });
    expect(whole).toBeGreaterThan(layers);
    // The gradient, the sum, and activations of 1/64 of a weight each.
    expect(streamed).toBeLessThan(2 + 1);
  });

  it('frees the gradient when the sink returns, unless it was kept', () => {
    const params = resident({ a: at(1, [3]), b: at(2, [3]) });
    const seen: Tensor[] = [];
    valueAndGrad(() => sum(f.mul(params.a as Tensor, params.b as Tensor)), params, {
      sink(path, gradient) {
        expect(seen.every((g) => g.value.freedBy !== null)).toBe(true);
        if (path === 'a') seen.push(gradient);
        else f.keep(gradient);
      },
    });
    expect(() => seen[0]?.dataSync()).toThrow('freed by the backward pass');
    expect(memory().tensors).toBe(2);
  });

  it('brings value and aux out, also where they are parameters, and has no record', () => {
    const params = resident({ p: tensor(3) });
    const p = params.p as Tensor;
    const result = valueAndGrad(() => ({ loss: p, aux: { old: f.reshape(p, [1]) } }), params, {
      sink: (path, gradient) => applyUpdates(params, { [path]: gradient }),
    });
    expect(result).not.toHaveProperty('grads');
    expect(numbers((result.aux as { old: Tensor }).old)).toEqual([3]);
    expect(numbers(p)).toEqual([4]);
  });

  it('leaves a parameter that it has not assigned to the scope that it is of', () => {
    scope(() => {
      const p = f.mul(tensor([2]), 3);
      valueAndGrad(() => sum(f.square(p)), { p }, { sink: () => {} });
      expect(numbers(p)).toEqual([6]);
    });
    expect(memory().tensors).toBe(0);
  });

  it('an exception in the sink passes through and leaves what was assigned, and nothing else', () => {
    const params = resident({ first: at(1, [4, 4]), second: at(2, [4, 4]) });
    const before = memory().tensors;
    const second = numbers(params.second as Tensor);
    const failing = (): unknown =>
      valueAndGrad(() => chained(params, at(5, [2, 4])), params, {
        sink(path, gradient) {
          if (path === 'first') throw new Error('mine');
          applyUpdates(params, { [path]: gradient });
        },
      });
    expect(failing).toThrow('mine');
    expect(numbers(params.second as Tensor)).not.toEqual(second);
    expect([memory().tensors, recordingTapes()]).toEqual([before, []]);
    expect(params.first?.value.tracks).toBe(null);
    expect(Object.keys(sunk(() => chained(params, at(5, [2, 4])), params).grads)).toEqual(['second', 'first']);
  });

  it('refuses an async sink and unknown options', () => {
    const params = resident({ a: at(1, [3]) });
    const loss = (): Tensor => sum(params.a as Tensor);
    expect(() => valueAndGrad(loss, params, { sink: (async () => {}) as never })).toThrow(
      expect.objectContaining({ code: 'scope/async' }),
    );
    expect(() => valueAndGrad(loss, params, { sunk: () => {} } as never)).toThrow(
      expect.objectContaining({ code: 'options/unknown' }),
    );
    expect(memory().tensors).toBe(1);
  });

  it('waits for rematerialised functions that read a parameter as a constant', () => {
    const params = resident({ first: at(1, [4]), second: at(2, [4]) });
    const { first, second } = params as { first: Tensor; second: Tensor };
    const early = remat((x: Tensor) =>
      f.mul(
        f.tanh(x),
        f.add(
          f.stopGradient(second),
          f.noGrad(() => f.square(second)),
        ),
      ),
    );
    const loss = (): Tensor => sum(f.mul(early(first), second));
    const expected = recorded(loss, params);
    expect(sunk(loss, params)).toEqual(expected);
  });

  it('a vjp that closes over a parameter is told that it comes too late', () => {
    const params = resident({ first: at(1, [4]), second: at(2, [4]) });
    const { first, second } = params as { first: Tensor; second: Tensor };
    const sly = f.customVjp({ forward: (x: Tensor) => [f.square(x), null], vjp: (g) => [f.mul(g, second)] });
    const loss = (): Tensor => sum(f.mul(sly(first), second));
    expect(() => sunk(loss, params)).toThrow(expect.objectContaining({ code: 'grad/sink-assigned' }));
    expect(() => sunk(loss, params)).toThrow('the backward pass of customVjp read a tensor [4]');
    const lazy = (): Tensor => sum(sly(f.square(first))); // second is not used by what is differentiated
    expect(Object.keys(sunk(lazy, params).grads)).toEqual(['first', 'second']);
  });

  it('under an outer derivative the gradients are tracked, and old values live as long as the outer tape', () => {
    const outer = (inner: (loss: () => Tensor, p: Params) => Tensor): number[][] => {
      const x = tensor([1, 2, 3]);
      const p = resident({ w: tensor([0.5, -1, 2]), b: tensor([1, 1, 1]) });
      const { w, b } = p as { w: Tensor; b: Tensor };
      const loss = (): Tensor => sum(f.mul(f.tanh(f.mul(x, w)), f.square(b)));
      const { grads } = valueAndGrad(() => f.add(inner(loss, p), sum(f.mul(x, f.stopGradient(b)))), { x, ...p });
      return Object.values(grads).map(numbers);
    };
    const norm = (g: Tensor): Tensor => sum(f.square(g));
    const whole = outer((loss, p) => {
      const { grads } = valueAndGrad(loss, p);
      const total = f.add(norm(grads.b as Tensor), norm(grads.w as Tensor));
      applyUpdates(p, Object.fromEntries(Object.entries(grads).map(([path, g]) => [path, f.stopGradient(g)])));
      return total;
    });
    const streamed = outer((loss, p) => {
      let total: Tensor = tensor(0);
      valueAndGrad(loss, p, {
        sink(path, g) {
          total = f.keep(f.add(total, norm(g)));
          applyUpdates(p, { [path]: f.stopGradient(g) });
        },
      });
      return total;
    });
    expect(streamed).toEqual(whole);
  });
});
