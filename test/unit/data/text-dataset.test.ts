import { expect, test } from 'vitest';
import { TextDataset } from '../../../src/data/text-dataset';
import { random } from '../../../src/index';

const tokens = Int32Array.from({ length: 1000 }, (_, i) => i);
const dataset = new TextDataset(tokens, { batch: 4, context: 8 });

test('the last tenth is for validation', () => {
  expect(dataset.train.length).toBe(900);
  expect(dataset.validation[0]).toBe(900);
});

test('targets are the ids one token later, from the training part alone', () => {
  for (let step = 0; step < 50; step++) {
    const { ids, targets } = dataset.trainBatch(random.key(step));
    expect(ids.shape).toEqual([4, 8]);
    expect(ids.dtype).toBe('int32');
    const after = targets.dataSync();
    expect([...ids.dataSync()].map((id) => id + 1)).toEqual([...after]);
    expect(Math.max(...after)).toBeLessThan(900);
  }
});

test('a key names one batch', () => {
  const values = (seed: number): number[] => [...dataset.trainBatch(random.key(seed)).ids.dataSync()];
  expect(values(1)).toEqual(values(1));
  expect(values(1)).not.toEqual(values(2));
});

test('batches of different steps differ, and so do the windows of one batch', () => {
  const batches = random.fold(random.key(7), 'batches');
  const starts = Array.from({ length: 40 }, (_, step) => {
    const { ids } = dataset.trainBatch(random.fold(batches, step));
    return [...ids.slice([0, 0], [4, 1]).dataSync()];
  });
  // 160 starts at 892 places: 147 different ones on average, with a standard deviation of about 3.5
  expect(new Set(starts.flat()).size).toBeGreaterThan(110);
  expect(new Set(starts.map(String)).size).toBe(40);
  for (const batch of starts) expect(new Set(batch).size).toBeGreaterThan(1);
});

test('windows reach both ends of the training text', () => {
  const small = new TextDataset(
    Int32Array.from({ length: 40 }, (_, i) => i),
    { batch: 200, context: 3 },
  );
  const ids = small.trainBatch(random.key(0)).targets.dataSync();
  expect(Math.min(...ids)).toBe(1);
  expect(Math.max(...ids)).toBe(35);
});

test('validation batches are fixed, full and spread evenly over the validation text', () => {
  const starts = [...dataset.validationBatches()].flatMap(({ ids }) => [...ids.slice([0, 0], [4, 1]).dataSync()]);
  expect(starts).toEqual([900, 911, 923, 934, 946, 957, 969, 980]);
  const again = [...dataset.validationBatches()];
  expect(again.length).toBe(2);
  expect(Math.max(...(again[1]?.targets.dataSync() ?? []))).toBeLessThan(1000);
});

test('as much is kept for validation, and read in as many batches, as it is told', () => {
  const half = new TextDataset(tokens, { batch: 4, context: 8, validationFraction: 0.5, validationBatches: 3 });
  expect([half.train.length, half.validation.length, [...half.validationBatches()].length]).toEqual([500, 500, 3]);
});

test('a text too short for one window is refused', () => {
  expect(() => new TextDataset(tokens.subarray(0, 80), { batch: 1, context: 8 })).toThrow(/dataset\/too-short/);
  expect(() => new TextDataset(tokens, { batch: 0, context: 8 })).toThrow(/options\/range/);
});
