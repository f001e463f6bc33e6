import { describe, expect, it, vi } from 'vitest';
import { Dropout, GPT, type Module, random, type Tensor, TransformerBlock, tensor, zeros } from '../../../../src/index';

const key = random.key(0);
const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());
const ids = tensor([[1, 2, 3, 4, 5, 6, 7, 0]], { dtype: 'int32' });

/** Make each branch of a block add ones, whatever comes in: what is left of them is the mask of its dropout. */
function addsOnes(model: Module): void {
  const state = Object.entries(model.state()).map(([path, t]): [string, Tensor] => {
    if (/\.proj\.weight$/.test(`.${path}`)) return [path, zeros(t.shape)];
    return [path, /\.proj\.bias$/.test(`.${path}`) ? zeros(t.shape).add(1) : t];
  });
  model.load(Object.fromEntries(state));
}

describe('dropout', () => {
  it('of the two branches of a block has two masks', () => {
    const block = new TransformerBlock(16, 2, { dropout: 0.5, key });
    addsOnes(block);
    const sums = numbers(block.forward(zeros([1, 8, 16]), { key }));
    // each branch adds 0 or 2; with one mask the sum is 0 or 4. Both masks of 128 elements equal: 2^-128.
    expect(new Set(sums)).toEqual(new Set([0, 2, 4]));
  });

  it('of two blocks, and of two passes, has different masks', () => {
    const model = new GPT({ vocabularySize: 8, context: 8, width: 16, heads: 2, layers: 2, dropout: 0.5, key });
    addsOnes(model);
    const added = (pass: number): number[][] => {
      const spies = model.blocks.map((block) => vi.spyOn(block, 'forward'));
      model.forward(ids, { key: random.key(pass) });
      return spies.map((spy) => {
        const [[x], y] = [spy.mock.calls[0] as [Tensor], spy.mock.results[0]?.value as Tensor];
        spy.mockRestore();
        return numbers(y.sub(x)).map(Math.round);
      });
    };
    const masks = [...added(1), ...added(2)].map(String);
    expect(new Set(masks).size).toBe(4); // four of 3^128 equally wide patterns
  });

  it('of the embedding works, and only with a key', () => {
    const model = new GPT({ vocabularySize: 8, context: 8, width: 16, heads: 2, layers: 0, dropout: 0.5, key });
    const seen = (options: object): number[] => {
      const spy = vi.spyOn(model.finalNorm, 'forward');
      model.forward(ids, options);
      const [[x]] = spy.mock.calls as [[Tensor]];
      spy.mockRestore();
      return numbers(x);
    };
    const all = seen({});
    const some = seen({ key });
    const kept = some.filter((x) => x !== 0).length;
    expect(all.every((x) => x !== 0)).toBe(true);
    some.forEach((x, i) => {
      if (x !== 0) expect(x).toBe(2 * (all[i] as number));
    });
    expect(Math.abs(kept - 64)).toBeLessThan(45); // 128 coins, 8 standard deviations: 1e-15
    expect(model.dropout).toBeInstanceOf(Dropout);
  });
});

describe('first values of a GPT', () => {
  // σ = 0.02·√(768/48) = 0.08. Back into the stream σ/√(2·layers): 0.08/4 with eight layers, 0.08/√2 with one.
  it.each([
    [8, 0.02],
    [1, 0.0565685],
  ])('%i layers: projections back into the stream have a standard deviation of %f, all others 0.08', (layers, back) => {
    const model = new GPT({ vocabularySize: 64, context: 32, width: 48, heads: 4, layers, key });
    const matrices = Object.entries(model.parameters()).filter(([, { ndim }]) => ndim === 2);
    expect(matrices.length).toBe(3 + 4 * layers);
    for (const [path, weight] of matrices) {
      const expected = path.endsWith('proj.weight') ? back : 0.08;
      const std = Math.sqrt(numbers(weight.square().mean())[0] as number);
      // ln of a sample's standard deviation has one of 1/√(2n); 8 of them, for 42 matrices: 1e-13
      expect(Math.abs(Math.log(std / expected)), path).toBeLessThan(8 / Math.sqrt(2 * weight.size));
    }
  });
});
