import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, pack, run } from './pack';

const built = existsSync('dist/cli.js');

/** The commands that a help shows, under the line that begins so. */
function shown(help: string, under: string): string[] {
  const lines = help.split('\n');
  const from = lines.findIndex((line) => line.startsWith(under)) + 1;
  const count = lines.slice(from).findIndex((line) => !line.startsWith('  '));
  return lines.slice(from, from + count).map((line) => line.trim());
}

describe.skipIf(!built)('the help of the packed package, where nothing else is installed', () => {
  let root: string;
  let project: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'floragrad-help-'));
    project = await install(root, 'alone', await pack(root));
  }, 120_000);
  afterAll(() => rm(root, { recursive: true, force: true }));
  const floragrad = (...argv: string[]): Promise<string> =>
    run(project, process.execPath, join(project, 'node_modules/floragrad/dist/cli.js'), ...argv);

  it('shows first what runs as it stands', { timeout: 300_000 }, async () => {
    const commands = shown(await floragrad('--help'), 'Start here');
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) {
      const [name, ...argv] = command.split(' ');
      expect(name).toBe('floragrad');
      const said = await floragrad(...(argv as string[]));
      expect(said).toMatch(argv[0] === 'study' ? /gaussian +64x128/ : /which has the lowest loss/);
    }
  });
});
