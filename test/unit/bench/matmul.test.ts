import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BenchDevice } from '../../../bench/matmul/device';
import { benchMatmul } from '../../../bench/matmul/program';
import { type BenchOutput, measure } from '../../../bench/matmul/rounds';
import { referenceBackend } from '../../../src/index';
import { workFolder } from '../cli/captured';

const cwd = workFolder();

async function captured(argv: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written) => ({
    write: (part: string) => {
      written[name] += part;
    },
  });
  await benchMatmul(argv, { stdout: sink('stdout'), stderr: sink('stderr'), cwd, env: { NO_COLOR: '1' } });
  return written;
}

describe('npm run bench:matmul', () => {
  it('shows every variant in a table, and the same numbers as JSON', async () => {
    const argv = ['--size', '33', '--repeats', '2', '--json', 'out.json'];
    const { stdout, stderr } = await captured(argv);
    expect(stderr).toBe('');
    const output = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as BenchOutput;
    expect(output.variants.map(({ name }) => name).slice(0, 2)).toEqual(['naive', 'wasm, 1 thread']);
    expect([output.size, output.repeats, output.backend.backend]).toEqual([33, 2, 'wasm']);
    expect(output.command).toBe(`npm run bench:matmul -- ${argv.join(' ')}`);
    for (const { name, gflops, milliseconds, largestDifference } of output.variants) {
      expect(stdout).toContain(name);
      expect(gflops).toBeCloseTo((2 * 33 ** 3) / milliseconds / 1e6, 6);
      expect(largestDifference).toBeLessThan(1e-5);
    }
    expect(output.variants[0]).toMatchObject({ ratio: 1, largestDifference: 0 });
    expect(stdout).toMatch(/Upload of both matrices .* ms, read-back of the result .* ms/);
  });

  it('keeps standard output for the JSON alone', async () => {
    const { stdout, stderr } = await captured('--size 8 --repeats 1 --json -'.split(' '));
    expect((JSON.parse(stdout) as BenchOutput).size).toBe(8);
    expect(stderr).toContain('× naive');
  });

  it('refuses what it cannot measure', async () => {
    for (const line of ['--size 9000', '--repeats 0', '--backend cuda', '--backend gpu --mode metal', '--mode webgpu'])
      await expect(captured(line.split(' '))).rejects.toThrow(/--(size|repeats|backend|mode)/);
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
