import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BenchDevice } from '../../../src/cli/bench-device';
import { type BenchOutput, measure } from '../../../src/cli/bench-matmul';
import { referenceBackend } from '../../../src/index';
import { captured, workFolder } from './captured';

const cwd = workFolder();

describe('floragrad bench matmul', () => {
  it('shows every variant in a table, and the same numbers as JSON', async () => {
    const argv = ['bench', 'matmul', '--size', '33', '--repeats', '2', '--json', 'out.json'];
    const { status, stdout, stderr } = await captured(cwd, argv);
    expect([status, stderr]).toEqual([0, '']);
    const output = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as BenchOutput;
    expect(output.variants.map(({ name }) => name).slice(0, 2)).toEqual(['naive', 'wasm, 1 thread']);
    expect([output.size, output.repeats, output.backend.backend]).toEqual([33, 2, 'wasm']);
    expect(output.command).toBe(`floragrad ${argv.join(' ')}`);
    for (const { name, gflops, milliseconds, largestDifference } of output.variants) {
      expect(stdout).toContain(name);
      expect(gflops).toBeCloseTo((2 * 33 ** 3) / milliseconds / 1e6, 6);
      expect(largestDifference).toBeLessThan(1e-5);
    }
    expect(output.variants[0]).toMatchObject({ ratio: 1, largestDifference: 0 });
    expect(stdout).toMatch(/Upload of both matrices .* ms, read-back of the result .* ms/);
  });

  it('keeps standard output for the JSON alone', async () => {
    const { stdout, stderr } = await captured(cwd, 'bench matmul --size 8 --repeats 1 --json -'.split(' '));
    expect((JSON.parse(stdout) as BenchOutput).size).toBe(8);
    expect(stderr).toContain('× naive');
  });

  it('runs variants in turn, and sees one that computes something else', async () => {
    const [right, order] = [referenceBackend(), [] as string[]];
    const variant = (name: string, wrong: boolean): BenchDevice['variants'][number] => ({
      name,
      on: right,
      product(a, b) {
        order.push(name);
        return wrong ? right.axpby(2, a, 0, b) : right.matmul(a, b, false, false, a.shape, null);
      },
    });
    const device = { backend: right, variants: [variant('a', false), variant('b', true)], finished: async () => {} };
    const { variants } = await measure(device, 4, 3, 0);
    expect(order.join('')).toBe('abababab'); // one round to compile and compare, then three
    expect(variants.map(({ largestDifference }) => largestDifference > 0.01)).toEqual([false, true]);
    expect(right.memory().tensors).toBe(0);
  });
});
