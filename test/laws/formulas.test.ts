import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lorsLinear } from '../../src/adapters/methods/lors-linear';
import type { Accelerators, Backend } from '../../src/backend/contract';
import * as f from '../../src/index';
import { opLaws } from '../../src/laws';
import { formulasOnly } from '../../src/laws/op/formulas-only';
import { internalRows } from './internal-ops';
import { kernelRows } from './ops';

// What a backend without accelerators owes: nothing less. Every op then runs its formulas.

type Tensor = f.Tensor;
type Gradients = Readonly<Record<'A' | 'B' | 'x', Tensor>>;
const backends = { reference: f.referenceBackend, wasm: f.wasmBackend };
const { key, fold, normal } = f.random;
const home = f.backend();
const draw = (name: string, ...shape: number[]): Tensor => normal(fold(key(7), name), shape);
const on = <T>(backend: Backend, run: () => T): T => {
  f.setBackend(backend);
  try {
    return run();
  } finally {
    f.setBackend(home);
  }
};

describe.each(Object.entries(backends))('%s without accelerators', (_, create) => {
  const stripped = formulasOnly(create());
  beforeAll(() => f.setBackend(stripped));
  afterAll(() => f.setBackend(home));
  for (const row of [...kernelRows, ...internalRows]) {
    // Few cases of each: with kernels, `ops.test.ts` runs all of them.
    for (const { name, holds } of opLaws(row, { runs: 3 })) it(name, holds);
  }

  it('has no member that may be left out', () => {
    const full = create() as unknown as Record<string, unknown>;
    const left = stripped as unknown as Record<string, unknown>;
    const names = ['activation', 'attention', 'softmaxGrad', 'crossEntropy', 'matmulRandom'];
    expect(names.map((name) => [typeof full[name], typeof left[name]])).toEqual(
      names.map(() => ['function', 'undefined']),
    );
  });
});

/** The losses of a few steps of training on a tiny text. */
function train(steps: number): number[] {
  const model = new f.GPT({ vocabularySize: 11, context: 8, width: 16, heads: 2, layers: 2, key: key(1) });
  const run = f.trainer({
    model,
    seed: 1,
    transform: f.adamw({ learningRate: 0.01 }),
    loss: ({ ids, targets }: { ids: Tensor; targets: Tensor }) => f.crossEntropy(model.forward(ids), targets),
  });
  return Array.from({ length: steps }, (_, step) => {
    const text = Int32Array.from({ length: 4 * 9 }, (_, i) => (4 * i + step) % 11);
    const window = (from: number): Tensor =>
      f.tensor(
        Int32Array.from({ length: 32 }, (_, i) => text[Math.floor(i / 8) * 9 + (i % 8) + from] as number),
        { shape: [4, 8] },
      );
    return run.step({ ids: window(0), targets: window(1) }).loss as number;
  });
}

it.each(Object.entries(backends))('a GPT trains on %s without accelerators as with them', (_, create) => {
  const [kernels, formulas] = [create(), formulasOnly(create())].map((backend) => on(backend, () => train(12)));
  expect((kernels as number[])[11]).toBeLessThan((kernels as number[])[0] as number);
  // Ten of the ops inside have kernels (five norms, two attentions, two GELUs, the loss). A formula makes at most 16
  // roundings more than its kernel, each of half a unit in the last place of a number below 4, which is 2⁻²³.
  const bound = 10 * 16 * 2 ** -23;
  for (const [i, loss] of (formulas as number[]).entries()) {
    expect(Math.abs(loss - ((kernels as number[])[i] as number))).toBeLessThan(bound);
  }
});

/** A backend that counts what it is asked for. */
function counting(backend: Backend): { backend: Backend; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const counted = new Proxy(backend, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1;
        return member.apply(target, given);
      };
    },
  });
  return { backend: counted, calls };
}

/** Ops with a kernel for the vjp, as functions of one tensor [4, 6], and that kernel. */
const fused: [name: string, op: (x: Tensor) => Tensor, kernel: keyof Accelerators][] = [
  ['relu', f.relu, 'activationGrad'],
  ['gelu', f.gelu, 'activationGrad'],
  ['softmax', f.softmax, 'softmaxGrad'],
  ['logSoftmax', f.logSoftmax, 'logSoftmaxGrad'],
  ['layerNorm', (x) => f.layerNorm(x), 'layerNormGrad'],
  ['rmsNorm', (x) => f.rmsNorm(x), 'rmsNormGrad'],
  ['crossEntropy', (x) => f.crossEntropy(x, f.tensor([0, 5, 2, 2], { dtype: 'int32' })), 'crossEntropyGrad'],
  ['attention', (x) => f.attention(x, x, x, { causal: true }), 'attentionGrad'],
  ['selfAttention', (x) => f.selfAttention(x.reshape([1, 4, 6]), 2), 'attentionGrad'],
];

describe('the kernel of a vjp', () => {
  it.each(fused)('of %s runs where no tape watches, and only there', (_, op, kernel) => {
    const { backend, calls } = counting(f.wasmBackend());
    on(backend, () => {
      const [x, v] = [draw('x', 4, 6), draw('v', 4, 6)];
      const loss = (y: Tensor): Tensor => f.sum(f.square(op(y)));
      f.grad(loss)(x);
      expect(calls[kernel]).toBe(1);
      calls[kernel] = 0;
      const constant = f.stopGradient(x);
      f.grad((y) => f.sum(f.mul(f.grad(loss)(constant), y)))(v);
      expect(calls[kernel]).toBe(1); // a tape is open, but tracks nothing of this
      calls[kernel] = 0;
      f.grad((y) =>
        f.sum(
          f.mul(
            f.noGrad(() => f.grad(loss)(y)),
            v,
          ),
        ),
      )(x);
      expect(calls[kernel]).toBe(1); // inside noGrad no tape watches
      calls[kernel] = 0;
      f.valueAndGrad((y) => ({ loss: f.sum(y), aux: f.grad(loss)(y) }))(x);
      expect(calls[kernel]).toBe(0); // the tape tracks cotangent, input and output
      f.valueAndGrad((y) => ({ loss: f.sum(y), aux: f.grad((z: Tensor) => f.sum(op(z)))(y) }))(x);
      expect(calls[kernel]).toBe(0); // a constant cotangent: it tracks input and output
    });
  });
});

describe.each(Object.entries(backends))('on %s, with and without accelerators', (_, create) => {
  const both = [create(), formulasOnly(create())];

  it.each([4, 32])('attention over %d keys leaves its result on the tape, and no weights', (keys) => {
    for (const backend of both) {
      on(backend, () =>
        f.scope(() => {
          const [q, k, v] = [draw('q', 1, keys, 8), draw('k', 1, keys, 8), draw('v', 1, keys, 8)];
          const held: number[] = [];
          f.valueAndGrad(
            () => {
              const before = f.memory().bytes;
              const y = f.attention(q, k, v, { causal: true });
              held.push(f.memory().bytes - before);
              return f.sum(y);
            },
            { q, k, v },
          );
          const [result, normalizers] = [keys * 8 * 4, keys * 4];
          expect(held).toEqual([backend === both[0] ? result + normalizers : result]);
        }),
      );
    }
  });

  it('LoRS passes its gradient straight through the mask, at both orders', () => {
    const results = both.map((backend) =>
      on(backend, () =>
        f.scope(() => {
          const half = f.cast(f.greater(draw('mask', 5, 6), 0), 'float32');
          const [x, weight] = [draw('x', 3, 6), f.mul(draw('weight', 5, 6), half)];
          const factors = { A: draw('A', 2, 6), B: draw('B', 5, 2) };
          const change = { ...factors, scale: 0.5 };
          const direction = { A: draw('dA', 2, 6), B: draw('dB', 5, 2), x: draw('dx', 3, 6) };
          const params = { ...factors, x };
          const loss = (): Tensor => f.sum(f.square(lorsLinear(x, weight, change, null)));
          const first = f.valueAndGrad(loss, params).grads;
          // D = 2·y with y of the masked weight, then the gradients without a mask: s·(D·B)ᵀ·X and s·Dᵀ·(X·Aᵀ)
          const masked = f.mul(f.add(weight, f.mul(f.matmul(factors.B, factors.A), 0.5)), half);
          const D = f.mul(2, f.matmul(x, masked, { transposeB: true }));
          const expected = {
            A: f.mul(f.matmul(f.matmul(D, factors.B), x, { transposeA: true }), 0.5),
            B: f.mul(f.matmul(D, f.matmul(x, factors.A, { transposeB: true }), { transposeA: true }), 0.5),
            x: f.matmul(D, masked),
          };
          // The same value with the derivative of W + s·B·A: what passes straight through the mask at every order.
          const straight = (): Tensor => {
            const product = f.mul(f.matmul(factors.B, factors.A), 0.5);
            const value = f.mul(f.add(weight, f.stopGradient(product)), half);
            const through = f.add(value, f.sub(product, f.stopGradient(product)));
            return f.sum(f.square(f.matmul(x, through, { transposeB: true })));
          };
          const along = (of: () => Tensor): Gradients =>
            f.valueAndGrad(() => {
              const { grads } = f.valueAndGrad(of, params);
              const slopes = (['A', 'B', 'x'] as const).map((name) => f.sum(f.mul(grads[name], direction[name])));
              return slopes.reduce((a, b) => f.add(a, b));
            }, params).grads;
          const [second, secondExpected] = [along(loss), along(straight)];
          const flat = ({ A, B, x }: Gradients): number[] => [A, B, x].flatMap((t) => [...t.dataSync()]);
          return [first, expected, second, secondExpected].map(flat) as [number[], number[], number[], number[]];
        }),
      ),
    );
    const near = (a: number[], b: number[]): void => {
      const size = Math.max(1, ...b.map(Math.abs));
      for (const [i, x] of a.entries()) expect(Math.abs(x - (b[i] as number))).toBeLessThan(size * 40 * 2 ** -23);
    };
    for (const [first, firstExpected, second, secondExpected] of results) {
      near(first, firstExpected);
      near(second, secondExpected);
    }
  });
});
