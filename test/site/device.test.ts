import { readFileSync } from 'node:fs';
import { type FullBackend, matmul, random, setBackend, tensor, wasmBackend } from 'floragrad';
import { afterAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../site/device/src/measure/outcome';
import { deviationOf, product } from '../../site/device/src/measure/product';
import { agreesWithReference } from '../../site/device/src/measure/proof';
import { fullTitleOf, rows, small } from '../../site/device/src/measure/rows';
import { rates, timed, usual } from '../../site/device/src/measure/timing';
import { expectedLosses, training } from '../../site/device/src/measure/training';
import { comparison, unrest } from '../../site/device/src/report/compare';
import { recordedIn } from '../../site/device/src/report/recorded';
import { asJson, asText, significant } from '../../site/device/src/report/text';

const benchmarks = readFileSync('docs/benchmarks.md', 'utf8');
const measured = (median: number): Outcome => ({
  kind: 'measured',
  median,
  least: median / 2,
  largest: median * 2,
  samples: 5,
});

afterAll(() => setBackend(wasmBackend()));

describe('a device is timed only if it is right', () => {
  /** A backend whose products have one number that is not right. */
  const wrongBy = (change: number): FullBackend => {
    const right = wasmBackend();
    return {
      ...right,
      matmul(...given) {
        const storage = right.matmul(...given);
        const values = right.readSync(storage).slice();
        values[values.length - 1] = (values.at(-1) as number) + change;
        return right.fromHost(values);
      },
    };
  };

  it('a product is compared with the reference in every number', async () => {
    expect(await agreesWithReference(wasmBackend())).toBeNull();
    expect(await agreesWithReference(wrongBy(0.01))).toMatch(/^wrong result: a product has .* at \[64, 66\]/);
    expect(await agreesWithReference(wrongBy(Number.NaN))).toMatch(/^wrong result/);
  });

  it('at every size one wrong number is seen, and rounding is not', async () => {
    setBackend(wasmBackend());
    for (const n of [64, 256]) {
      const [a, b] = [0, 1].map((seed) => random.uniform(random.key(seed), [n, n]).mul(2).sub(1));
      if (!a || !b) return;
      const [x, y, c] = await Promise.all([a.data(), b.data(), matmul(a, b).data()]);
      expect(deviationOf(c, x, y, n)).toBeLessThan(0.5);
      for (const wrong of [c.with(n + 3, (c[n + 3] as number) + 0.02), c.with(5, Number.NaN)])
        expect(deviationOf(wrong, x, y, n) <= 1).toBe(false);
      // Half precision, as some GPUs have it: 11 bits of each operand.
      const half = (values: typeof x) =>
        tensor(
          Float32Array.from(values, (v) => Math.round(v * 1024) / 1024),
          { shape: [n, n] },
        );
      expect(deviationOf(await matmul(half(x), half(y)).data(), x, y, n)).toBeGreaterThan(1);
    }
  });

  it('a wrong product is not timed', async () => {
    setBackend(wrongBy(1));
    expect(await product(128, () => 0)).toMatchObject({ kind: 'wrong' });
  });

  it('the losses of the training step are those of the baseline build', async () => {
    setBackend(wasmBackend({ build: 'baseline' }));
    const step = training();
    for (const expected of expectedLosses) expect(Math.abs((await step()) - expected)).toBeLessThan(1e-4);
    expect(Math.abs(expectedLosses[0] - Math.log(small.vocabularySize))).toBeLessThan(0.5);
  });
});

describe('timing', () => {
  /** A clock that only work moves: each run takes `cost` milliseconds, the first of all ten times as long. */
  const clock = (cost: number) => {
    const seen = { time: 0, runs: 0 };
    return {
      seen,
      now: () => Math.floor(seen.time),
      run(repeats: number) {
        seen.time += repeats * cost * (seen.runs === 0 ? 10 : 1);
        seen.runs++;
      },
    };
  };

  it.each([0.003, 0.4, 30, 900])('finds %d ms a run with a clock of whole milliseconds', async (cost) => {
    const { now, run, seen } = clock(cost);
    const times = await timed(run, now);
    expect(times.length).toBeGreaterThanOrEqual(usual.fewest);
    expect(times.length).toBeLessThanOrEqual(usual.most);
    for (const time of times) expect(Math.abs(time / cost - 1)).toBeLessThan(0.1);
    expect(seen.time).toBeLessThan(Math.max(2 * usual.budget, 15 * cost));
  });

  it('rates are the inverse of times, with the median in the middle', () => {
    expect(rates([10, 20, 40], 2)).toEqual({ kind: 'measured', median: 100, least: 50, largest: 200, samples: 3 });
    expect(rates([10, 40], 2)).toMatchObject({ median: 125 });
  });
});

describe('what the page says', () => {
  it('takes its other numbers from docs/benchmarks.md', () => {
    const { machine, numbers } = recordedIn(benchmarks);
    expect(benchmarks).toContain(machine);
    // One table by eye: GFLOP/s is the third column.
    const [table = ''] = benchmarks.split('### matmul 512×512×512\n')[1]?.split('\n###') ?? [];
    for (const [id, contestant] of [
      ['wasm', 'floragrad'],
      ['baseline', 'floragrad, baseline build'],
      ['threads', 'floragrad, 2 threads'],
    ]) {
      const line = table.split('\n').find((row) => row.startsWith(`| ${contestant} `)) ?? '';
      expect(numbers[`product-${id}-512`]).toBe(Number(line.split('|')[3]));
    }
    const [, step] = /### GPT small.*\n\n(?:\|.*\n){2}\| floragrad +\| ([\d.]+) ms/.exec(benchmarks) ?? [];
    expect(numbers['training-wasm']).toBe(Math.round(512 / (Number(step) / 1000)));
    const compared = rows.filter((row) => row.kind !== 'memory' && !/webg/.test(row.device));
    for (const { id } of compared) expect(numbers[id], id).toBeGreaterThan(0);
    expect(() => recordedIn('# Benchmarks')).toThrow('## Node 20');
    expect(() => recordedIn(benchmarks.replaceAll('### matmul', '### product'))).toThrow('other tables');
  });

  it('compares two machines, and does not judge the library', () => {
    const recorded = { machine: 'a machine', numbers: { 'product-wasm-512': 40, 'training-wasm': 5000 } };
    const [first, second] = comparison({ 'product-wasm-512': measured(10), 'training-wasm': measured(7000) }, recorded);
    expect(first).toContain('25 % of the operations a second');
    expect(first).toContain('1.4 times the tokens a second');
    expect(second).toContain('does not say');
    expect(comparison({}, recorded)).toEqual([]);
    expect(comparison({ 'product-wasm-512': { kind: 'wrong', reason: '' } }, recorded)).toEqual([]);
  });

  it('says when samples vary too much to be believed', () => {
    const calm: Outcome = { kind: 'measured', median: 10, least: 6, largest: 11, samples: 5 };
    expect(unrest({ a: calm, b: { kind: 'absent', reason: '' } })).toBeNull();
    expect(unrest({ a: calm, b: measured(10) })).toMatch(/^In 1 of 2 measured rows/);
  });

  it('copies every row, and says which were not timed and why', () => {
    const outcomes = Object.fromEntries(rows.map(({ id }) => [id, measured(6.28)]));
    outcomes['product-webgpu-256'] = { kind: 'absent', reason: 'there is none' };
    outcomes['product-webgl2-256'] = { kind: 'wrong', reason: 'it is off' };
    const text = asText({ about: null, devices: { threads: '8 threads' }, outcomes });
    for (const row of rows) expect(text).toContain(`${fullTitleOf(row)}: `);
    expect(text).toContain('product 256×256×256, WebGPU: not measured: there is none');
    expect(text).toContain('product 256×256×256, WebGL 2: wrong result, so it was not timed: it is off');
    expect(text).toContain('6.28 GFLOP/s (3.14–12.6)');
    expect(text).toContain('WebAssembly, all threads: 8 threads');
    const { numbers } = JSON.parse(asJson({ about: null, devices: {}, outcomes }));
    expect(numbers).toHaveLength(rows.length);
    expect(numbers[0]).toMatchObject({ unit: 'GFLOP/s', median: 6.28, samples: 5 });
  });

  it.each([
    [42.34, '42.3'],
    [5441, '5,441'],
    [0.0713, '0.0713'],
    [0, '0'],
  ])('%d is %s', (x, says) => expect(significant(x)).toBe(says));
});
