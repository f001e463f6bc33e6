import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { at, functions } from '../functions';

const { gradCheck, memory, sum, tensor } = f;
type Tensor = f.Tensor;

const backends = { reference: () => f.referenceBackend(), wasm: () => f.wasmBackend() };
beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true, nonFinite: false });
});

for (const [backend, make] of Object.entries(backends)) {
  describe(`gradCheck on ${backend}`, () => {
    beforeEach(() => f.setBackend(make()));
    for (const [name, g] of Object.entries(functions)) {
      it(`${name}: no false alarm, and a vjp that is one per cent off is convicted`, async () => {
        const x = at(3, [3, 4]);
        const report = await gradCheck(g, x);
        expect(`${report}`).toMatch(/^gradCheck passed: 12 numbers, tolerance 0.001; largest deviation/);
        expect(report.undecided).toBe(0);
        const wrong = await gradCheck((y) => g(scaledGradient(1.01)(y)), x);
        expect(wrong.passed).toBe(false);
        expect(memory().tensors).toBe(0);
      });
    }
  });
}

/** The identity with its gradient multiplied. */
const scaledGradient = (gain: number) =>
  f.customVjp({ forward: (y: Tensor) => [y, null], vjp: (g) => [f.mul(g, gain)] });

describe('gradCheck', () => {
  it('convicts a vjp that is wrong in one place, and says where', async () => {
    const wrongSquare = f.customVjp({
      forward: (y: Tensor) => [f.square(y), y],
      vjp: (g, y) => [
        f.mul(
          f.mul(g, f.mul(y, 2)),
          tensor([
            [1, 1, 1],
            [1, 1, 1.02],
          ]),
        ),
      ],
    });
    const report = await gradCheck(
      wrongSquare,
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    expect(report).toMatchObject({ passed: false, path: 'x', index: [1, 2], checked: 6, undecided: 0 });
    expect(report.analytic / report.numeric).toBeCloseTo(1.02, 5);
    expect(report.deviation).toBeCloseTo(0.02 / 1.02, 4);
    expect(`${report}`).toMatch(
      /^gradCheck failed: 6 numbers, tolerance 0.001; largest deviation 0.01961 at x\[1, 2\], where the analytic derivative is [\d.]+ and the numeric one [\d.]+ ± /,
    );
    expect((await gradCheck(wrongSquare, at(1, [2, 3]), { tolerance: 0.05 })).passed).toBe(true);
  });

  it('takes parameters, given to the function or closed over, and names the one that is wrong', async () => {
    const layer = new f.Linear(3, 2, { key: f.random.key(1) });
    const params = layer.parameters();
    const x = at(2, [4, 3]);
    const before = Array.from((params.weight as Tensor).dataSync());
    expect((await gradCheck(() => f.tanh(layer.forward(x)), params)).passed).toBe(true);
    expect((await gradCheck(() => f.tanh(layer.forward(scaledGradient(0)(x))), params)).passed).toBe(true);
    const bias = scaledGradient(-1);
    const report = await gradCheck(
      ({ w, b }) => f.add(f.matmul(x, w as Tensor, { transposeB: true }), bias(b as Tensor)),
      { w: params.weight as Tensor, b: params.bias as Tensor },
    );
    expect(report).toMatchObject({ passed: false, path: 'b', checked: 8 });
    expect(Array.from((params.weight as Tensor).dataSync())).toEqual(before);
  });

  it('scales: tiny and huge arguments, zeros, a result that is large beside its change', async () => {
    for (const scale of [1e-6, 1e-3, 1e3, 1e6]) {
      expect(`${await gradCheck((y) => f.tanh(f.div(y, scale)), f.mul(at(1, [5]), scale))}`).toMatch('passed');
      expect(`${await gradCheck((y) => f.mul(f.exp(y), scale), at(1, [5]))}`).toMatch('passed');
    }
    expect(`${await gradCheck((y) => f.exp(y), f.zeros([3]))}`).toMatch('passed');
    expect(`${await gradCheck((y) => f.add(f.sum(f.square(y)), 1000), at(1, [5]))}`).toMatch('passed');
    expect(`${await gradCheck((y) => f.log(y), tensor([0.01, 1, 30]))}`).toMatch('passed'); // NaN at large steps
    const constant = await gradCheck(() => tensor([1, 2]), at(1, [3]));
    expect(constant).toMatchObject({ passed: true, deviation: 0, undecided: 0 });
    expect(await gradCheck((y) => y, f.zeros([0]))).toMatchObject({ passed: true, checked: 0 });
    expect(`${await gradCheck((y) => y, f.zeros([0]))}`).toBe('gradCheck passed: 0 numbers, tolerance 0.001');
  });

  it('a kink nearby is stepped around; at a kink nothing is decided, and if that is most of it nothing passed', async () => {
    const near = tensor([0.003, -0.003, 1, 2, -1]);
    expect(await gradCheck(f.relu, near)).toMatchObject({ passed: true, undecided: 0 });
    expect((await gradCheck((y) => f.relu(scaledGradient(1.01)(y)), near)).passed).toBe(false);
    expect(await gradCheck(f.relu, tensor([0, 1, -1]))).toMatchObject({ passed: true, undecided: 1 });
    expect(await gradCheck(f.relu, f.zeros([3]))).toMatchObject({ passed: false, undecided: 3 });
    expect(`${await gradCheck(f.relu, f.zeros([3]))}`).toMatch(/; 3 could not be decided$/);
  });

  it('does not pass what is random, or not finite', async () => {
    let n = 0;
    const noisy = (y: Tensor): Tensor => f.mul(y, f.random.uniform(f.random.key(n++), [3]));
    expect((await gradCheck(noisy, at(1, [3]))).passed).toBe(false);
    expect(await gradCheck(f.log, tensor([-1]))).toMatchObject({ passed: false, deviation: Infinity });
  });

  it('restores values when the function throws, and refuses what has no derivative', async () => {
    const x = tensor([1, 2]);
    const { value } = x;
    let calls = 0;
    const failing = (y: Tensor): Tensor => {
      if (++calls > 3) throw new Error('mine');
      return f.square(y);
    };
    await expect(gradCheck(failing, x)).rejects.toThrow('mine');
    expect(x.value).toBe(value);
    expect(memory().tensors).toBe(0);
    await expect(gradCheck((y) => f.argmax(y), x)).rejects.toMatchObject({ code: 'dtype/float32' });
    await expect(gradCheck(() => 3 as unknown as Tensor, x)).rejects.toMatchObject({ code: 'grad-check/result' });
    await expect(gradCheck((y) => sum(y), tensor([1], { dtype: 'int32' }))).rejects.toMatchObject({
      code: 'dtype/float32',
    });
    await expect(gradCheck(f.exp, x, { tolerance: -1 })).rejects.toMatchObject({ code: 'options/range' });
  });

  it('a GPT in all its parameters', async () => {
    const model = new f.GPT({ vocabularySize: 5, context: 3, width: 4, heads: 2, layers: 1, key: f.random.key(1) });
    const ids = tensor([[0, 3, 1]], { dtype: 'int32' });
    const report = await gradCheck(() => f.crossEntropy(model.forward(ids), ids), model.parameters());
    expect(`${report}`).toMatch('passed');
    expect(report.undecided).toBe(0);
  });
});
