import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyTraining, writeText } from '../unit/cli/captured';
import { builtCommand, type Ended, ran } from './command';

let cwd = '';
let cli = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'floragrad-command-'));
  writeText(cwd);
  cli = await builtCommand(cwd);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** In a shell, where `floragrad` is the command. */
const shell = (line: string): Promise<Ended> =>
  ran('bash', ['-c', `floragrad() { "${process.execPath}" "${cli}" "$@"; }; ${line}`], cwd);
const long = ['train', '--data', 'text.txt', ...tinyTraining, '--steps', '100000', '--optimizer', 'adamw'];

describe.skipIf(process.platform === 'win32')('the command as a process', () => {
  it.skipIf(!existsSync('/dev/full'))('says in one line that there is no room for what it writes', async () => {
    for (const line of ['floragrad --help > /dev/full', `floragrad ${long.join(' ')} > /dev/full`]) {
      const { status, stderr } = await shell(line);
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(
          /^floragrad: \[file\/write\] cannot write to standard output: the disk is full; [^\n]+\n$/,
        ),
      ]);
    }
  });

  it('ends without a word when the reader has seen enough', async () => {
    const { stdout, stderr } = await shell(`floragrad train --help | true; echo $\{PIPESTATUS[0]}`);
    expect([stdout, stderr]).toEqual(['141\n', '']);
  });

  it.skipIf(process.platform !== 'linux').each([
    ['TERM', 143, long],
    ['INT', 130, long],
    ['INT', 130, 'study --shape 64x64 --rank 4 --projector gaussian --trials 1000000'.split(' ')],
  ])('gives the cursor back on SIG%s, and ends with %i', async (signal, status, argv) => {
    const pid = `${signal}-${argv[0]}.pid`;
    const command = `sh -c 'echo $$ > ${pid}; exec "${process.execPath}" "${cli}" ${argv.join(' ')}'`;
    let killed = false;
    const ended = await ran('script', ['-qec', command, '/dev/null'], cwd, (shown) => {
      if (killed || !/█|░/.test(shown)) return;
      killed = true;
      process.kill(Number(readFileSync(join(cwd, pid), 'utf8')), `SIG${signal}`);
    });
    expect(ended.status).toBe(status);
    const [hide, show] = ['\x1b[?25l', '\x1b[?25h'];
    expect(ended.stdout).toContain(hide);
    expect(ended.stdout.lastIndexOf(show)).toBeGreaterThan(ended.stdout.lastIndexOf(hide));
  });

  it('leaves a whole report of the rows so far when a study is interrupted, and an older one before the first row', async () => {
    writeFileSync(join(cwd, 'part.html'), 'an older report');
    const study = ['study', '--shape', '32x32', '--projector', 'haar', '--rank', '2,4,8', '--report', 'part.html'];
    const interrupted = async (trials: string, when: RegExp): Promise<string> => {
      let killed = false;
      const { status } = await ran(process.execPath, [cli, ...study, '--trials', trials], cwd, (shown, child) => {
        if (killed || !when.test(shown)) return;
        killed = true;
        child.kill('SIGINT');
      });
      expect(status).toBe(130);
      return readFileSync(join(cwd, 'part.html'), 'utf8');
    };
    expect(await interrupted('1000000', /row 0\/3/)).toBe('an older report');
    const page = await interrupted('4000', /row 1\/3/);
    const [, n] = /Interrupted after ([12]) of 3 rows/.exec(page) ?? [];
    expect(page.slice(-8)).toBe('</html>\n');
    expect(page.match(/<svg /g)).toHaveLength(1);
    const [, all] = /<h2>All numbers<\/h2>(.*)/s.exec(page) ?? [];
    expect(all?.match(/<th scope="row">haar/g)).toHaveLength(Number(n));
    expect(readdirSync(cwd).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('has written the numbers when a figure cannot be drawn, and leaves an older report', async () => {
    const alone = join(cwd, 'alone');
    mkdirSync(alone);
    copyFileSync(cli, join(alone, 'cli.mjs')); // with nothing beside it that draws
    writeFileSync(join(cwd, 'old.html'), 'an older report');
    const options = '--shape 4x6 --rank 2 --trials 166 --projector haar --report old.html --json n.json'.split(' ');
    const { status, stderr } = await ran(process.execPath, [join(alone, 'cli.mjs'), 'study', ...options], cwd);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^floragrad: \[cli\/figure\] cannot draw[^\n]+\n$/)]);
    expect(readFileSync(join(cwd, 'old.html'), 'utf8')).toBe('an older report');
    expect((JSON.parse(readFileSync(join(cwd, 'n.json'), 'utf8')) as { rows: unknown[] }).rows).toHaveLength(1);
  });

  it('hears a signal that arrives as a save ends', async () => {
    const outfile = join(cwd, 'ending.mjs');
    const contents = `
      import { undivided } from './src/cli/terminal/ending';
      await undivided(async () => void process.kill(process.pid, 'SIGTERM'));
      setTimeout(() => process.exit(0), 1000);`;
    await build({ stdin: { contents, resolveDir: '.' }, outfile, bundle: true, platform: 'node', format: 'esm' });
    expect((await ran(process.execPath, [outfile], cwd)).status).toBe(143);
  });

  it('is ended between its saves, or after one, and never leaves half of one', async () => {
    for (let kill = 0; kill < 3; kill++) {
      const folder = join(cwd, `saves-${kill}`, 'adamw-seed-0');
      const save = ['--checkpoint', `saves-${kill}`, '--checkpoint-every', '1'];
      const killing: NodeJS.Timeout[] = [];
      const { status, signal } = await ran(process.execPath, [cli, ...long, ...save], cwd, (_, child) => {
        if (killing.length > 0) return;
        const look = setInterval(() => {
          if (!existsSync(join(folder, 'checkpoint.json'))) return;
          clearInterval(look);
          setTimeout(() => child.kill('SIGTERM'), 20 + 7 * kill);
        }, 10);
        killing.push(look);
      });
      for (const look of killing) clearInterval(look);
      expect(status === 143 || signal === 'SIGTERM').toBe(true);
      const record = readFileSync(join(folder, 'checkpoint.json'), 'utf8');
      const { generation } = JSON.parse(record) as { generation: number };
      expect(readdirSync(folder).sort()).toEqual([
        'checkpoint.json',
        `parameters-${generation}.safetensors`,
        `state-${generation}.safetensors`,
      ]);
      expect(readdirSync(cwd).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
  });
});
