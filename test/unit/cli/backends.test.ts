import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrainOutput } from '../../../src/cli/train/output';
import { setBackend, wasmBackend } from '../../../src/index';
import { captured, tinyTraining, workFolder, writeText } from './captured';

const cwd = workFolder();
writeText(cwd);
afterAll(() => setBackend(wasmBackend()));

describe('--backend', () => {
  it('of train computes there, and says so', async () => {
    const files = ['--data', 'text.txt', '--optimizer', 'flora', '--json', 'out.json'];
    const { status, stdout } = await captured(cwd, ['train', ...tinyTraining, ...files, '--backend', 'reference']);
    expect(status).toBe(0);
    expect(stdout).toContain('reference');
    const { backend } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as TrainOutput;
    expect(backend.backend).toBe('reference');
  });

  it('refuses another name with those that there are', async () => {
    const { status, stderr } = await captured(cwd, ['train', '--backend', 'gpus']);
    expect([status, stderr]).toEqual([expect.any(Number), expect.stringMatching(/--backend got "gpus".*gpu/s)]);
    expect(status).not.toBe(0);
  });
});

describe('floragrad info', () => {
  it('says of every mode of the GPU what runs, or what is missing and what to type', async () => {
    const { status, stdout } = await captured(cwd, ['info', '--json', '-']);
    expect(status).toBe(0);
    const { gpu } = JSON.parse(stdout) as { gpu: { mode: string; adapter: string | null; command?: string }[] };
    expect(gpu.map(({ mode }) => mode).sort()).toEqual(['headlessgl', 'webgl2', 'webgpu']);
    for (const { adapter, command } of gpu) expect(adapter !== null || (command ?? '') !== '').toBe(true);
  });

  it('says of each part of MPI where it is, or what to type', async () => {
    const { stdout } = await captured(cwd, ['info', '--json', '-']);
    const { mpi } = JSON.parse(stdout) as { mpi: { part: string; found: string | null; command?: string }[] };
    expect(mpi.map(({ part }) => part)).toEqual(['koffi', 'MPICH', 'Open MPI']);
    for (const { found, command } of mpi) expect(found === null).toBe(command !== undefined);
  });
});
