import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adam,
  addDecayedWeights,
  applyUpdates,
  chain,
  correctBias,
  explain,
  type GradientTransform,
  type Params,
  random,
  scale,
  scaleByAdam,
  stateBytes,
  zeros,
} from '../../../../src/index';
import { type Method, methods } from '../../../../src/study';
import { transformRows } from '../../../laws/transforms';
import { floatsOf, type Weight } from './floats';

// What the catalogue says of each method, against the method: a row that is added is held to it.

const rows = Object.entries<Method>(methods).filter(([, method]) => !('trains' in method)); // those of whole weights
const settings = { learningRate: 0.1, refreshEvery: 2, seed: 3 };
const weights: readonly Weight[] = [
  [9, 16],
  [16, 9],
  [12, 12],
].flatMap(([n, m]) => [2, 5].map((r) => ({ n, m, r }) as Weight));

/** In words, where the formula of a row is not the bytes of a fresh state; null if it is. */
function difference({ floats, ranked, make }: Pick<Method, 'floats' | 'ranked' | 'make'>): string | null {
  if (!ranked && /\br\b/.test(floats)) return `${floats} has a rank`;
  for (const { n, m, r } of weights) {
    const bytes = stateBytes(make({ ...settings, rank: r }).init({ w: zeros([n, m]) }));
    const said = 4 * floatsOf(floats, { n, m, r });
    if (bytes !== said) return `[${n}, ${m}] at rank ${r}: ${bytes} bytes, not ${said}`;
  }
  return null;
}

describe.each(rows)('%s', (name, method) => {
  it('keeps as many floats as its row says, to the byte', () => expect(difference(method)).toBe(null));

  it('is explained with the same bytes, and by its projector', () => {
    for (const { n, m, r } of weights) {
      const [weight, bias] = explain(method.make({ ...settings, rank: r }), { w: zeros([n, m]), b: zeros([m]) });
      expect(weight?.bytes).toBe(4 * floatsOf(method.floats, { n, m, r }));
      expect(bias).toMatchObject({ compressed: false, side: null, rank: null });
      expect(bias?.reason).toMatch(/^dense|^others: /);
      if (!method.ranked) continue;
      expect(weight).toMatchObject({ compressed: true, rank: r });
      expect(weight?.reason).not.toMatch(/^dense/);
      expect(weight?.side).not.toBe(null);
    }
  });

  it('is resumed exactly: it has rows among the laws of transforms', () => {
    expect(transformRows.filter((row) => row.name === name || row.name.startsWith(`${name}, `))).not.toEqual([]);
  });

  it('has its formula where the row says', () => expect(existsSync(method.file)).toBe(true));
});

describe('what the count of floats is worth', () => {
  const { flora, galore, apollo } = methods;
  it.each<[string, Method, string]>([
    ['a float too many', apollo, '2·r·M + 2'],
    ['a projection that is not counted', galore, '2·r·M'],
    ['the smaller side for the larger', galore, '2·r·μ + r·M'],
    ['rows counted twice', flora, 'r·M + 2·n'],
  ])('%s is seen', (_, method, floats) => expect(difference({ ...method, floats })).not.toBe(null));

  it('a letter that is none is refused', () => {
    expect(() => floatsOf('2·k', { n: 1, m: 1, r: 1 })).toThrow('"k"');
    expect(floatsOf('2·r·M + r·μ + 1', { n: 3, m: 5, r: 2 })).toBe(27);
    expect(floatsOf('⌈r·m/8⌉ + n', { n: 3, m: 5, r: 2 })).toBe(5);
  });
});

/** Parameters of which `bias` is nothing that a projection compresses. */
const leaves = (purpose: string, step: number): Params => {
  const key = random.fold(random.key(5), purpose, step);
  return {
    weight: random.normal(random.fold(key, 'weight'), [6, 8]),
    bias: random.normal(random.fold(key, 'bias'), [8]),
  };
};

/** Weight or bias after some steps, with the other beside it. */
function valuesAfter(transform: GradientTransform<unknown>, steps: number, which: 'weight' | 'bias'): number[] {
  const params = leaves('start', 0);
  let state = transform.init(params);
  for (let step = 0; step < steps; step++) {
    const [updates, next] = transform.update(leaves('gradient', step), state, params);
    state = next;
    applyUpdates(params, updates);
  }
  return Array.from(params[which]?.dataSync() ?? []);
}

const biasAfter = (transform: GradientTransform<unknown>): number[] => valuesAfter(transform, 5, 'bias');

describe('what is not compressed gets dense Adam, bit for bit', () => {
  const eta = scale(-settings.learningRate);
  const betas = [
    { beta1: 0.9, beta2: 0.999 },
    { beta1: 0.908, beta2: 0.99 },
  ];
  const dense = betas.flatMap((decays) =>
    [1e-8, 1e-6].flatMap((epsilon) => [
      chain(scaleByAdam({ ...decays, epsilon }), eta),
      chain(scaleByAdam({ ...decays, epsilon, biasCorrection: 'step' }), eta),
      chain(scaleByAdam({ ...decays, epsilon, biasCorrection: 'none' }), correctBias(decays), eta),
      chain(scaleByAdam({ ...decays, epsilon }), addDecayedWeights(0.01), eta),
    ]),
  );
  const trajectories = dense.map(biasAfter);
  /** Methods that give it something else, and what. */
  const others: Readonly<Record<string, string>> = {
    flora: 'Adafactor, whose momentum is then dense',
    muon: 'AdamW at a rate of its own',
    floraReset: 'Adafactor, whose momentum is then dense',
  };

  it.each(rows)('by %s', (name, method) => {
    const found = biasAfter(method.make({ ...settings, rank: 2 }));
    const same = trajectories.some((each) => each.every((x, i) => Object.is(x, found[i])));
    expect(same).toBe(!(name in others));
  });

  it('and no two of these Adams are alike', () => {
    expect(new Set(trajectories.map(String)).size).toBe(trajectories.length);
    expect(biasAfter(adam({ learningRate: settings.learningRate }))).toEqual(trajectories[0]);
  });
});

describe('at full rank', () => {
  const d = 6;
  const gradient = random.normal(random.key(2), [d, 8]);
  const G = gradient.dataSync();
  const lossless = rows.filter(([, { core }]) => {
    if (!core?.projector) return false;
    const given = { values: G, shape: [d, 8], side: core.projector.side([d, 8]) } as const;
    return core.projector.theory(d, d, given).relativeMse === 0;
  });

  it.each(lossless)('%s loses nothing of a gradient', (_, { core }) => {
    const transform = (core as NonNullable<Method['core']>).make({ rank: d, seed: 1 });
    const params = { w: gradient };
    const update = transform.update(params, transform.init(params), params)[0].w?.dataSync() as Float32Array;
    const far = Math.hypot(...update.map((x, i) => x - (G[i] as number)));
    expect(far / Math.hypot(...G)).toBeLessThan(1e-5);
  });

  it('a projection that is not orthonormal does', () => {
    expect(lossless.map(([name]) => name)).toContain('galore');
    expect(lossless.map(([name]) => name)).not.toContain('flora');
    const core = methods.flora.core as NonNullable<Method['core']>;
    const transform = core.make({ rank: d, seed: 1 });
    const update = transform.update({ w: gradient }, transform.init({ w: gradient }), {})[0].w?.dataSync();
    expect(Math.hypot(...(update as Float32Array).map((x, i) => x - (G[i] as number)))).toBeGreaterThan(1);
  });
});

it('Flora that forgets its momentum is Flora until the first refresh', () => {
  const after = (name: 'flora' | 'floraReset', steps: number): number[] =>
    valuesAfter(methods[name].make({ ...settings, rank: 2 }), steps, 'weight');
  expect(after('floraReset', 2)).toEqual(after('flora', 2));
  expect(after('floraReset', 3)).not.toEqual(after('flora', 3));
});

describe('the rates of the catalogue', () => {
  /** The rate in bold of each line in the table of the search in docs/methods.md, by the label of the line. */
  const best = new Map(
    readFileSync('docs/methods.md', 'utf8')
      .split('## The search for the rates')[1]
      ?.split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map((cells, _, [head]): [string, number] => [
        cells[1] as string,
        Number(head?.[cells.findIndex((cell) => cell.startsWith('**'))]),
      ]),
  );
  const others: Readonly<Record<string, string>> = {
    flora: 'Flora, transfer r 16',
    floraReset: 'Flora, reset r 16',
    adam: 'Adam, dense',
  };
  const whole = rows.filter(([, { trains }]) => trains === undefined);

  it.each(whole)('%s has the one that its search found', (name, { label, ranked, learningRate }) => {
    expect(learningRate).toBe(best.get(others[name] ?? (ranked ? `${label} r 16` : label)));
  });
});
