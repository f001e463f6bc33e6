import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyUpdates, flora, type Params, projectors, tensor } from '../../../src/index';

interface Golden {
  readonly settings: {
    rank: number;
    refreshEvery: number;
    beta: number;
    learningRate: number;
    weightDecay: number;
    decayExponent: number;
  };
  readonly shapes: Record<string, number[]>;
  readonly start: Record<string, number[]>;
  readonly gradients: readonly Record<string, number[]>[];
  readonly projections: readonly number[][];
  readonly paper: readonly Record<string, number[]>[];
  readonly 'flora-opt': readonly Record<string, number[]>[];
}

// Made by make_flora.py in float64 from the equations alone; the file names the version of numpy.
const golden = JSON.parse(readFileSync('test/golden/flora.json', 'utf8')) as Golden;

const tensors = (values: Record<string, number[]>): Params =>
  Object.fromEntries(
    Object.entries(values).map(([name, x]) => [name, tensor(x, { shape: golden.shapes[name] as number[] })]),
  );

describe('flora with given projections', () => {
  for (const ordering of ['paper', 'flora-opt'] as const) {
    it(`${ordering}: ten steps across three refreshes, on both sides and dense, follow the reference`, () => {
      const matrices = golden.projections.map((a) => tensor(a, { shape: [golden.settings.rank, 4] }));
      const transform = flora({ ...golden.settings, ordering, projector: projectors.explicit(matrices) });
      const params = tensors(golden.start);
      let state = transform.init(params);
      for (const [t, step] of golden.gradients.entries()) {
        const [updates, next] = transform.update(tensors(step), state, params);
        applyUpdates(params, updates);
        state = next;
        for (const [name, expected] of Object.entries(golden[ordering][t] ?? {})) {
          const actual = params[name]?.dataSync() ?? [];
          for (const [i, x] of expected.entries()) {
            expect(Math.abs((actual[i] as number) - x), `${name}[${i}] after step ${t + 1}`).toBeLessThan(2e-6);
          }
        }
      }
    });
  }
});
