import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { twiceEvaluated } from '../../../../src/cli/finetune/methods';
import type { FineTuneOutput } from '../../../../src/cli/finetune/summary';
import type { TrainOutput } from '../../../../src/cli/train/output';
import { loadCheckpoint } from '../../../../src/node';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
writeText(cwd);
const tiny = ['--data', 'text.txt', ...tinyTraining, '--batch', '4', '--optimizer', 'flora', '--refresh-every', '2'];
const trained = async (...more: string[]): Promise<TrainOutput> => {
  const { status, stdout, stderr } = await captured(cwd, ['train', ...tiny, ...more, '--json', '-']);
  expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as TrainOutput;
};
const failed = async (...argv: string[]): Promise<string> => (await captured(cwd, argv)).stderr;

describe('train in shards, in one process', () => {
  it('takes the mean over shards of what one step takes whole', async () => {
    const [whole, shared] = [await trained(), await trained('--shards', '2')];
    const [a, b] = [whole.runs[0], shared.runs[0]];
    expect(a).not.toHaveProperty('digest');
    expect(b).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{8}$/), exchange: { ranks: 1, shards: 2 } });
    // The same mean with other roundings.
    a?.trainLoss.forEach((loss, i) => {
      expect(b?.trainLoss[i]).toBeCloseTo(loss, 4);
    });
    expect(b?.validationLoss).toBeCloseTo(a?.validationLoss as number, 4);
  });

  it('has a digest that tells runs apart, and is the same again', async () => {
    const digest = async (...more: string[]) => (await trained(...more)).runs[0]?.digest;
    const first = await digest('--shards', '2');
    expect(await digest('--shards', '2', '--threads', '2')).toBe(first);
    expect(await digest('--shards', '2', '--seed', '1')).not.toBe(first);
    expect(await digest('--shards', '2', '--dropout', '0.5')).not.toBe(first);
  });

  it('drops out by shard: the shards of a step have other keys', async () => {
    // Width 8 and one block: with the key of a step for all shards, two equal halves of a batch would have equal losses.
    const [a, b] = [await trained('--dropout', '0.5'), await trained('--dropout', '0.5', '--shards', '2')];
    expect(b.runs[0]?.trainLoss[0]).not.toBeCloseTo(a.runs[0]?.trainLoss[0] as number, 4);
  });

  it('goes on from a checkpoint bit for bit, and not with other shards or another wire', async () => {
    const options = ['--shards', '2', '--dropout', '0.1', '--wire', 'flora', '--wire-rank', '4'];
    const undisturbed = (await trained(...options)).runs[0]?.digest;
    await trained(...options, '--checkpoint', 'saved', '--checkpoint-every', '3');
    const { steps } = await loadCheckpoint(join(cwd, 'saved/flora-rank-4-seed-0'));
    expect(steps).toBe(4); // of the run, not of the shards
    expect((await trained(...options, '--resume', 'saved')).runs[0]?.digest).toBe(undisturbed);
    const resumed = ['train', ...tiny, '--resume', 'saved'];
    expect(await failed(...resumed)).toMatch(/cli\/resume.*--dropout 0.1, --shards 2, --wire flora/);
    expect(await failed(...resumed, ...options.slice(0, -1), '8')).toMatch(/cli\/resume.*--wire-rank 4/);
  });

  it('sends compressed gradients to an optimizer that has not seen the others', async () => {
    const dense = (await trained('--shards', '2')).runs[0]?.validationLoss as number;
    for (const wire of ['flora', 'powersgd']) {
      const shards = wire === 'flora' ? ['--shards', '2'] : [];
      const found = (await trained('--wire', wire, '--wire-rank', '2', ...shards)).runs[0];
      expect(found?.validationLoss).not.toBe(dense);
      expect(found?.validationLoss).toBeCloseTo(dense, 0);
    }
  });

  it('refuses what it cannot do, before it does anything', async () => {
    expect(await failed('train', ...tiny, '--shards', '3')).toContain('cli/shards');
    expect(await failed('train', ...tiny, '--ranks', '3')).toContain('cli/shards');
    expect(await failed('train', ...tiny, '--ranks', '2', '--launcher', './no-such-program')).toContain('cli/launcher');
    expect(await failed('train', ...tiny, '--shards', '2', '--capture', 'gradients')).toContain('cli/capture');
    expect(await failed('train', ...tiny, '--dropout', '1')).toContain('cli/number');
    expect(await failed('train', ...tiny, '--launcher', 'mpiexec')).toContain('cli/needs');
  });

  it.each([
    ['echo "no slots" >&2; exit 1', 1, [/cli\/launcher.*ended with status 1, and no rank said why/]],
    ['exit 255', 1, [/cli\/launcher.*ended with status 255/]],
    ['printf "flora" >&2; sleep 0.1; echo "grad: [data/read] nowhere" >&2; exit 1', 1, [/data\/read/]],
    ['exit 137', 137, [/a rank ended early.*status 137/]],
    ['exit 0', 0, []],
    [null, 1, [/cli\/launcher.*permission denied/]],
  ] as const)('a launcher that does this is spoken of once: %s', async (script, status, said) => {
    const launcher = join(cwd, 'launcher.sh');
    writeFileSync(launcher, `#!/bin/sh\n${script}\n`);
    chmodSync(launcher, script === null ? 0o644 : 0o755);
    const ended = await captured(cwd, ['train', ...tiny, '--ranks', '2', '--launcher', launcher]);
    expect(ended.status).toBe(status);
    const lines = ended.stderr.match(/^floragrad: .*$/gm) ?? [];
    expect(lines).toEqual(said.map((words) => expect.stringMatching(words)));
  });

  it('is refused with a wire that makes nothing smaller, before anything is trained', async () => {
    expect(await failed('train', ...tiny, '--wire', 'flora')).toMatch(/cli\/wire.*--wire-rank 16.*--wire-rank 8/);
    const base = [...tiny.map((word) => (word === 'flora' ? 'adamw' : word)), '--save', 'base.safetensors'];
    expect(
      (await captured(cwd, ['train', ...base.filter((word, i) => ![word, base[i - 1]].includes('--refresh-every'))]))
        .status,
    ).toBe(0);
    const tuning = ['finetune', 'base.safetensors', '--data', 'text.txt', '--method', 'full,lora', '--rank', '2'];
    const { stdout, stderr, status } = await captured(cwd, [
      ...tuning,
      '--steps',
      '1',
      '--wire',
      'flora',
      '--wire-rank',
      '4',
    ]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^floragrad: \[cli\/wire\] .* for lora with --rank 2, .*try --wire-rank 2.*\n$/);
  });

  it('stops at a loss that is not finite', async () => {
    const said = await failed('train', ...tiny, '--shards', '2', '--steps', '20', '--learning-rate', '1e30');
    expect(said).toMatch(/^floragrad: \[trainer\/non-finite-loss\] flora rank 4 died: step \d+ has the loss NaN.*\n$/);
  });
});

describe('finetune in shards, in one process', () => {
  it('trains adapters to the same numbers, and refuses methods that evaluate twice', async () => {
    expect((await captured(cwd, ['train', ...tiny, '--save', 'base.safetensors'])).status).toBe(0);
    const argv = ['finetune', 'base.safetensors', '--data', 'text.txt', '--steps', '4', '--batch', '4', '--rank', '2'];
    const tuned = async (...more: string[]) => {
      const { status, stdout, stderr } = await captured(cwd, [...argv, ...more, '--json', '-']);
      expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
      return (JSON.parse(stdout) as FineTuneOutput).runs;
    };
    const method = ['--method', 'full,lora,plora'];
    const [whole, shared] = [await tuned(...method), await tuned(...method, '--shards', '4')];
    for (const [i, run] of whole.entries()) {
      expect(shared[i]?.validationLoss).toBeCloseTo(run.validationLoss, 4);
      expect(shared[i]?.startLoss).toBe(run.startLoss);
      expect(shared[i]?.trainable).toBe(run.trainable);
    }
    expect(new Set(shared.map(({ digest }) => digest)).size).toBe(3);
    const refused = await captured(cwd, [...argv, '--method', 'lora,alt-lora', '--shards', '2']);
    expect(refused.stderr).toMatch(/cli\/ranks.*for alt-lora,/);
    expect(refused.stdout).toBe(''); // before the first run, which would be lost
    expect(twiceEvaluated).toEqual(['alt-lora', 'alt-lora-plus']);
  });
});
