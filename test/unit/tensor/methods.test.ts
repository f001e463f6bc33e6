import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../src/index';
import * as ops from '../../../src/tensor/ops/methods';

let x: f.Tensor;
beforeEach(() => {
  f.setBackend(f.wasmBackend());
  x = f.tensor([
    [1, 2],
    [3, 4],
  ]);
});

describe('methods of a tensor', () => {
  it('hand the tensor and their arguments to the op of the same name', async () => {
    expect(await x.sub(1).array()).toEqual(await f.sub(x, 1).array());
    expect(
      await x
        .pad(
          [
            [0, 0],
            [1, 0],
          ],
          7,
        )
        .array(),
    ).toEqual([
      [7, 1, 2],
      [7, 3, 4],
    ]);
    expect(await x.matmul(x, { transposeB: true }).array()).toEqual([
      [5, 11],
      [11, 25],
    ]);
    expect(await x.topK(1).values.array()).toEqual([[2], [4]]);
    for (const name of Object.keys(ops)) expect(f.Tensor.prototype).toHaveProperty(name, expect.any(Function));
  });

  it('are no properties that one would find in a loop over a tensor', () => {
    const found: string[] = [];
    for (const name in x) found.push(name);
    expect(found).toEqual(['value']);
  });

  it.each<[string, unknown[], string, string]>([
    ['add', [1, 2], 'add got 2 arguments', 'at most 1'],
    ['neg', [1], 'neg got 1 arguments', 'none'],
    ['pad', [[], 0, 1], 'pad got 3 arguments', 'at most 2'],
    ['tril', [0, 1], 'tril got 2 arguments', 'at most 1'],
    ['variance', [{}, 1], 'variance got 2 arguments', 'at most 1'],
    ['argmax', [{}, 1], 'argmax got 2 arguments', 'at most 1'],
    ['cumsum', [{}, 1], 'cumsum got 2 arguments', 'at most 1'],
    ['reshape', [4, 1], 'reshape got 2 arguments', 'write reshape([4, 1])'],
    ['sum', [0, 1], 'sum got 2 arguments', 'leave out the rest'],
  ])('%s counts its arguments without the tensor', (name, given, got, more) => {
    const call = () => (x as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(...given);
    expect(call).toThrow(got);
    expect(call).toThrow(more);
  });
});
