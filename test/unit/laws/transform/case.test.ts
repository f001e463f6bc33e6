import { expect, it } from 'vitest';
import { type Params, scope } from '../../../../src';
import { gradientsOf, paramsOf, type TransformCase } from '../../../../src/laws/transform/case';

const texts = (records: () => readonly Params[]): string[] =>
  scope(() => records().flatMap((leaves) => Object.values(leaves).map((leaf) => String(leaf.dataSync()))));

it('gradients of a case differ from step to step, leaf to leaf, run to run and seed to seed', () => {
  const given = (seed: number): TransformCase => ({ shapes: { a: [2], b: [2] }, present: [], stop: 0, seed });
  const of = (seed: number): Params[] => [
    ...gradientsOf(given(seed), 3),
    ...gradientsOf(given(seed), 3, 'another run'),
    paramsOf(given(seed)),
  ];
  const all = texts(() => [...of(0), ...of(1)]);
  expect(new Set(all).size).toBe(2 * 7 * 2);
  expect(texts(() => of(0))).toEqual(all.slice(0, 14)); // and are the same for the same case
});
