import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkAlive, checkValidation } from '../../../../src/cli/train/divergence';
import { tensor } from '../../../../src/index';
import { loadCheckpoint } from '../../../../src/node';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
writeText(cwd);
const train = (...more: string[]) => captured(cwd, ['train', '--data', 'text.txt', ...tinyTraining, ...more]);
const everyStep = ['--steps', '12', '--checkpoint', 'saves', '--checkpoint-every', '1'];

/** The step that a message says the run died in, and that of the checkpoint which it says is kept. */
function stepsIn(message: string): { died: number; kept: number } {
  const [, died, kept] = /died: step (\d+) .*finite checkpoint, of step (\d+), is kept in saves\//.exec(message) ?? [];
  return { died: Number(died), kept: Number(kept) };
}

test.each([
  ['adafactor', '1e3', 'cli/diverged', /made \w+\.weight hold NaN, after a loss of \d/],
  ['sgd', '1e4', 'trainer/non-finite-loss', /has the loss NaN/],
])('a run of %s at a rate of %s dies with %s, and its last finite checkpoint stays', async (name, rate, code, why) => {
  const options = ['--optimizer', name, '--learning-rate', rate];
  const { status, stderr } = await train(...options, ...everyStep);
  expect(status).toBe(1);
  expect(stderr).toContain(`[${code}] ${name} died: step `);
  expect(stderr).toMatch(why);
  const { died, kept } = stepsIn(stderr);
  expect([died > 1, kept]).toEqual([true, died - 1]);

  const saved = await loadCheckpoint(join(cwd, 'saves', `${name}-seed-0`));
  expect(saved.steps).toBe(kept);
  for (const [path, values] of Object.entries(saved.parameters))
    expect((await values.data()).every(Number.isFinite), path).toBe(true);

  // It goes on from there, and dies where the run did: the same steps in the same order.
  const again = await train(...options, '--steps', '12', '--resume', 'saves', '--checkpoint-every', '1');
  expect(again.stdout).toContain(`goes on from step ${kept} of 12`);
  expect([again.status, stepsIn(again.stderr)]).toEqual([1, { died, kept }]);
});

test.each([
  ['1e3', 4, /step 4 made \w+\.weight hold NaN/],
  ['1e12', 2, /step 2 leaves the validation loss at NaN/],
])('a run that the last step at a rate of %s makes infinite gives no result', async (rate, steps, why) => {
  const outputs = ['--report', 'r.html', '--json', 'r.json', '--save', 'r.safetensors'];
  const options = ['--optimizer', 'adafactor', '--learning-rate', rate, '--steps', String(steps)];
  const { status, stderr } = await train(...options, ...outputs);
  expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
  expect(stderr).toContain('no checkpoint of this run was saved');
  for (const name of ['r.html', 'r.json', 'r.safetensors']) expect(existsSync(join(cwd, name))).toBe(false);
});

test('what is not finite is named, wherever it stands', async () => {
  const run = { name: 'a run', step: 7 };
  const parameters = {
    a: tensor([1, -1e38]),
    'b.c': tensor([0, 2, Number.NEGATIVE_INFINITY]),
    d: tensor([Number.NaN]),
  };
  await expect(checkAlive(parameters, run)).rejects.toThrow(/a run died: step 7 made b\.c hold -Infinity/);
  await expect(checkAlive({ a: parameters.a }, run)).resolves.toBeUndefined();
  expect(() => checkValidation(Number.NaN, { ...run, loss: 2.34567 })).toThrow(
    /validation loss at NaN, after a loss of 2.346/,
  );
  expect(() => checkValidation(3, run)).not.toThrow();
});

test('a run beside one that died can be resumed', async () => {
  const both = ['--optimizer', 'adamw,adafactor', '--steps', '6'];
  const dies = ['--learning-rate', '1e3', '--checkpoint', 'both', '--checkpoint-every', '1'];
  expect((await train(...both, ...dies)).stderr).toMatch(/adafactor died/);
  const { status, stdout } = await train(
    '--optimizer',
    'adamw',
    '--steps',
    '6',
    '--learning-rate',
    '1e3',
    '--resume',
    'both',
  );
  expect([status, stdout]).toEqual([0, expect.stringContaining('goes on from step 6 of 6')]);
  expect(readFileSync(join(cwd, 'report.html'), 'utf8')).toContain('adamw');
});
