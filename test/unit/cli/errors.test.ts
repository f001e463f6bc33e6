import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { captured, tinyTraining, workFolder, writeText } from './captured';

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'empty.txt'), '');
writeFileSync(join(cwd, 'short.txt'), 'ab');
writeFileSync(join(cwd, 'latin1.txt'), Buffer.from([0x63, 0xe9, 0x20]));
mkdirSync(join(cwd, 'folder'));
mkdirSync(join(cwd, 'taken'));
writeFileSync(join(cwd, 'taken/adamw-seed-0'), 'a file where a folder should go');
execFileSync('sh', ['-c', 'mkfifo pipe'], { cwd });
symlinkSync('out.json', join(cwd, 'link.json'));
symlinkSync('nowhere.json', join(cwd, 'dangling.json'));
writeFileSync(join(cwd, 'report.html'), 'old report');
writeFileSync(join(cwd, 'out.json'), 'old numbers');

const text = ['--data', 'text.txt', ...tinyTraining];
const huge = String(Number.MAX_SAFE_INTEGER);

/** Each command line, the code that its error carries, and the exit status: 2 for a wrong command line, else 1. */
const mistakes: readonly (readonly [argv: readonly string[], code: string, status: number])[] = [
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
  ...[
    'rank',
    'refresh-every',
    'steps',
    'batch',
    'context',
    'width',
    'heads',
    'layers',
    'seeds',
    'sample',
    'checkpoint-every',
  ].map((name) => [['train', ...text, `--${name}`, huge], 'cli/number', 2] as const),
  ...['rank', 'stages', 'steps', 'batch', 'seeds', 'alpha', 'learning-rate'].map(
    (name) => [['finetune', 'none', `--${name}`, name === 'learning-rate' ? '1e39' : huge], 'cli/number', 2] as const,
  ),
  [['study', '--trials', huge], 'cli/number', 2],
  [['study', '--rank', huge], 'cli/number', 2],
  [['train', ...text, '--learning-rate', '1e39'], 'cli/number', 2],
  [['train', ...text, '--learning-rate', '1e-39'], 'cli/number', 2],
  [['train', ...text, '--seed', huge, '--seeds', '2'], 'cli/number', 2],
  [['train', ...text, '--width', '65536', '--layers', '2'], 'cli/too-large', 2],
  [['train', ...text, '--layers', '10000', '--width', '2048'], 'cli/too-large', 2],
  [['train', ...text, '--batch', '65536', '--context', '65536'], 'cli/too-large', 2],
  [['train', ...text, '--seeds', '1000', '--optimizer', 'adam,sgd'], 'cli/too-large', 2],
  [['train', ...text, '--steps', '1000000', '--seeds', '11', '--optimizer', 'sgd'], 'cli/too-large', 2],
  [['study', '--shape', '999999x999999', '--rank', '4'], 'cli/too-large', 2],
  [['train', ...text, '--report', 'x', '--save', 'x', '--json', 'x'], 'cli/same-file', 2],
  [['train', ...text, '--report', 'x', '--save', './folder/../x'], 'cli/same-file', 2],
  [['train', ...text, '--report', 'out.json', '--json', 'link.json'], 'cli/same-file', 2],
  [['train', ...text, '--save', 'dangling.json', '--json', 'nowhere.json'], 'cli/same-file', 2],
  [['train', ...text, '--save', 'text.txt'], 'cli/same-file', 2],
  [['train', ...text, '--checkpoint', 'report.html'], 'cli/same-file', 2],
  [
    ['train', ...text, '--optimizer', 'sgd', '--checkpoint', 'x', '--json', 'x/sgd-seed-0/checkpoint.json'],
    'cli/same-file',
    2,
  ],
  [
    ['train', ...text, '--optimizer', 'sgd', '--resume', 'x', '--json', 'x/sgd-seed-0/checkpoint.json'],
    'cli/same-file',
    2,
  ],
  [['train', ...text, '--json', 'x', '--checkpoint', 'x/y'], 'cli/same-file', 2],
  [['finetune', 'x', '--json', 'x'], 'cli/same-file', 2],
  [['finetune', 'x', '--data', 'y', '--report', 'y'], 'cli/same-file', 2],
  [['study', '--report', 'x', '--json', 'x'], 'cli/same-file', 2],
  [['train', ...text, '--checkpoint', 'empty.txt'], 'file/write', 1],
  [['train', ...text, '--checkpoint', 'empty.txt/saves'], 'file/write', 1],
  [['train', ...text, '--optimizer', 'adamw', '--checkpoint', 'taken'], 'file/write', 1],
  [['train', ...text, '--save', 'folder'], 'file/write', 1],
  [['train', ...text, '--save', '/dev/null'], 'file/write', 1],
  [['train', ...text, '--data', 'pipe'], 'data/read', 1],
  [['train', ...text, '--data', '/dev/zero'], 'data/read', 1],
  [['finetune', 'pipe'], 'file/read', 1],
  [['finetune', 'folder'], 'file/read', 1],
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
  [['bench', 'matmul'], 'cli/unknown-command', 2],
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
  // Refused before the training: nothing was told of it.
  if (code.startsWith('cli/') || code.startsWith('file/') || code.startsWith('data/')) {
    expect(ended.stdout + ended.stderr).not.toMatch(/step +\d/);
  }
});

test('a bound is in the message, and in the help', async () => {
  const { stderr } = await captured(cwd, ['train', '--batch', huge]);
  expect(stderr).toContain(`--batch got "${huge}"; expected a whole number, 1 to 65,536.`);
  const help = (await captured(cwd, ['train', '--help'])).stdout.replaceAll(/\s+/g, ' ');
  expect(help).toContain('--batch N windows of text in a step: 1 to 65,536');
  expect(help).toContain('[report.html]');
  expect((await captured(cwd, ['study', '--help'])).stdout).toContain('at least 166');
});

test('a checkpoint folder is tried before the training, and not left behind', async () => {
  const { status } = await captured(cwd, ['train', ...text, '--checkpoint', 'new/saves', '--rank', '4096']);
  expect(status).toBe(2);
  expect(existsSync(join(cwd, 'new'))).toBe(false);
});

test('a mistyped name gets the one it is closest to', async () => {
  expect((await captured(cwd, ['trian'])).stderr).toContain('floragrad train');
  expect((await captured(cwd, ['bench'])).stderr).toContain('npm run bench:matmul in a clone of the repository');
  expect((await captured(cwd, ['train', '--stpes', '3'])).stderr).toContain('--steps');
  expect((await captured(cwd, ['train', '--optimizer', 'adamm'])).stderr).toMatch(/write adamw?\./);
});

test('no command at all shows the help, and is a wrong command line', async () => {
  const { status, stdout } = await captured(cwd, []);
  expect([status, stdout]).toEqual([2, (await captured(cwd, ['--help'])).stdout]);
});

test('help is not an error', async () => {
  for (const argv of [['--help'], ['train', '--help'], ['study', '-h'], ['info', '--help']]) {
    const { status, stdout, stderr } = await captured(cwd, argv);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('floragrad');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  }
});
