import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { captured, tinyTraining, workFolder, writeText } from './captured';

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'empty.txt'), '');
writeFileSync(join(cwd, 'short.txt'), 'ab');
writeFileSync(join(cwd, 'latin1.txt'), Buffer.from([0x63, 0xe9, 0x20]));
mkdirSync(join(cwd, 'folder'));
writeFileSync(join(cwd, 'report.html'), 'old report');
writeFileSync(join(cwd, 'out.json'), 'old numbers');

const text = ['--data', 'text.txt', ...tinyTraining];

/** Each command line, the code that its error carries, and the exit status: 2 for a wrong command line, else 1. */
const mistakes: readonly [argv: readonly string[], code: string, status: number][] = [
  [['trian'], 'cli/unknown-command', 2],
  [['train', '--stpes', '3'], 'cli/unknown-option', 2],
  [['train', 'moby-dick'], 'cli/extra-argument', 2],
  [['train', '--steps'], 'cli/missing-value', 2],
  [['train', '--steps', '--rank', '3'], 'cli/missing-value', 2],
  [['train', '--profile=twice'], 'cli/extra-argument', 2],
  [['train', '--profile', 'twice'], 'cli/extra-argument', 2],
  [['train', '--optimizer', 'flora,adamm'], 'cli/choice', 2],
  [['train', '--preset', 'huge'], 'cli/choice', 2],
  [['train', '--steps', '0'], 'cli/number', 2],
  [['train', '--steps', '1.5'], 'cli/number', 2],
  [['train', '--rank', '4,none'], 'cli/number', 2],
  [['train', '--seed', '-1'], 'cli/number', 2],
  [['train', '--learning-rate', 'fast'], 'cli/number', 2],
  [['train', '--threads', '0'], 'cli/number', 2],
  [['train', '--threads', '65'], 'cli/number', 2],
  [['train', '--threads', 'all'], 'cli/number', 2],
  [['train', '--threads'], 'cli/missing-value', 2],
  [['study', '--threads', '1.5'], 'cli/number', 2],
  [['info', '--threads', '2'], 'cli/unknown-option', 2],
  [['train', '--width', '10', '--heads', '4'], 'cli/heads', 2],
  [['train', ...text, '--rank', '4096'], 'compress/nothing', 2],
  [['train', ...text, '--data', 'none.txt'], 'data/read', 1],
  [['train', ...text, '--data', 'folder'], 'data/read', 1],
  [['train', ...text, '--data', 'empty.txt'], 'data/empty', 1],
  [['train', ...text, '--data', 'latin1.txt'], 'data/encoding', 1],
  [['train', ...text, '--data', 'short.txt'], 'dataset/too-short', 2],
  [['train', ...text, '--report', 'none/report.html'], 'file/write', 1],
  [['train', ...text, '--report', 'folder'], 'file/write', 1],
  [['train', ...text, '--json', 'none/out.json'], 'file/write', 1],
  [['train', ...text, '--json', 'out.json', '--learning-rate', '1e38'], 'trainer/non-finite-loss', 1],
  [['study', '--shape', '256'], 'cli/shape', 2],
  [['study', '--shape', '0x4'], 'cli/shape', 2],
  [['study', '--rank', '8', '--shape', '4x16'], 'cli/rank', 2],
  [['study', '--projector', 'gauss'], 'cli/choice', 2],
  [['study', '--shape', '8x8', '--rank', '2', '--trials', '165'], 'study/trials', 2],
  [['study', '--report', 'none/study.html'], 'file/write', 1],
  [['bench'], 'cli/benchmark', 2],
  [['bench', 'attention'], 'cli/benchmark', 2],
  [['bench', 'matmul', '--mode', 'webgpu'], 'cli/benchmark', 2],
  [['bench', 'matmul', '--backend', 'cuda'], 'cli/choice', 2],
  [['bench', 'matmul', '--backend', 'gpu', '--mode', 'metal'], 'cli/choice', 2],
  [['bench', 'matmul', '--size', '9000'], 'cli/number', 2],
  [['bench', 'matmul', '--repeats', '0'], 'cli/number', 2],
  [['bench', 'matmul', '--json', 'none/out.json'], 'file/write', 1],
  [['bench', 'matmul', '--backend', 'gpu', '--mode', 'webgl2'], 'gpu/unavailable', 1],
  [['info', '--verbose'], 'cli/unknown-option', 2],
];

test.each(mistakes)('floragrad %j: [%s]', async (argv, code, status) => {
  const before = readdirSync(cwd);
  const ended = await captured(cwd, argv);
  expect(ended.stderr).toMatch(/^floragrad: \[[^\n]+\n$/); // one line
  if (status === 2) expect(ended.stdout).toBe(''); // a wrong command line is refused before anything else is said
  expect(ended.stderr).toContain(`[${code}]`);
  expect(ended.status).toBe(status);
  expect(readFileSync(join(cwd, 'report.html'), 'utf8')).toBe('old report');
  expect(readFileSync(join(cwd, 'out.json'), 'utf8')).toBe('old numbers');
  expect(readdirSync(cwd)).toEqual(before); // nothing left lying about
});

test('a mistyped name gets the one it is closest to', async () => {
  expect((await captured(cwd, ['trian'])).stderr).toContain('floragrad train');
  expect((await captured(cwd, ['train', '--stpes', '3'])).stderr).toContain('--steps');
  expect((await captured(cwd, ['train', '--optimizer', 'adamm'])).stderr).toMatch(/write adamw?\./);
});

test('help is not an error', async () => {
  for (const argv of [['--help'], ['train', '--help'], ['study', '-h'], ['info', '--help']]) {
    const { status, stdout, stderr } = await captured(cwd, argv);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('floragrad');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  }
});
