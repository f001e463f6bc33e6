import { expect, it, test } from 'vitest';
import { checkMemory, checkRuns, leastBytes } from '../../../src/cli/limits';
import { adamw, backend, crossEntropy, memory, random, tensor } from '../../../src/index';
import { GPT } from '../../../src/nn';
import { parameterCount } from '../../../src/nn/models/gpt-size';
import { trainer } from '../../../src/training';

const sizes = [
  { vocabularySize: 11, context: 8, width: 8, heads: 2, layers: 1 },
  { vocabularySize: 28, context: 32, width: 24, heads: 3, layers: 3 },
  { vocabularySize: 90, context: 16, width: 32, heads: 4, layers: 2 },
  { vocabularySize: 90, context: 16, width: 32, heads: 3, headWidth: 12, layers: 2, tieHead: true },
];

test.each(sizes)(
  'the numbers of a GPT of %j are counted before it is made, and a step needs at least what is said',
  (size) => {
    const model = new GPT({ ...size, key: random.key(0) });
    const parameters = Object.values(model.parameters());
    expect(parameterCount(size)).toBe(parameters.reduce((sum, one) => sum + one.size, 0));
    const batch = 4;
    const ids = tensor(
      Int32Array.from({ length: batch * size.context }, (_, i) => i % 7),
      { shape: [batch, size.context] },
    );
    const loss = () => crossEntropy(model.forward(ids), ids);
    const training = trainer({ model, transform: adamw({ learningRate: 0.01 }), loss, seed: 0 });
    backend().resetPeak();
    training.step(undefined);
    const { peakBytes } = memory();
    expect(leastBytes(size, batch)).toBeLessThan(peakBytes);
    expect(leastBytes(size, batch)).toBeGreaterThan(peakBytes / 8); // and is not much less
  },
);

it('refuses what no memory holds, and lets pass what fits', () => {
  const large = { vocabularySize: 100, context: 64, width: 8192, heads: 8, layers: 4 };
  expect(() => checkMemory(large, 1, 'wasm')).toThrow(
    /cli\/too-large.*3,22\d,\d{3},\d{3} parameters.*need at least 12\.\d GiB/,
  );
  expect(() => checkMemory({ ...large, width: 128 }, 8, 'wasm')).not.toThrow();
  expect(() => checkMemory({ ...large, width: 128 }, 65_536, 'wasm')).toThrow(/cli\/too-large/);
  expect(() => checkRuns(1000, 10_000)).not.toThrow();
  expect(() => checkRuns(1001, 1)).toThrow(/1,001 runs/);
  expect(() => checkRuns(2, 5_000_001)).toThrow(/at most 1,000 runs and 10,000,000 steps/);
});
