import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../../src/cli/run';
import { textTable } from '../../../../src/cli/terminal/table';
import { visible, visibleJson } from '../../../../src/cli/terminal/visible';
import type { TrainOutput } from '../../../../src/cli/train/output';
import { captured, tinyTraining, workFolder } from '../captured';

const cwd = workFolder();
/** Whatever makes a terminal do something: C0 without tab and line feed, DEL, C1, and the marks of direction. */
const obeyed = [
  ...Array.from({ length: 32 }, (_, i) => i).filter((i) => i !== 9 && i !== 10),
  ...Array.from({ length: 33 }, (_, i) => 127 + i),
  ...[0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
].map((code) => String.fromCodePoint(code));
const commands = (text: string): string[] => obeyed.filter((character) => text.includes(character));

describe('what reaches a terminal', () => {
  it('is a text to read, whatever it was made from', () => {
    expect(commands(visible(`a${obeyed.join('b')}\n`))).toEqual([]);
    expect(visible('\x1b[31mred\x07 \u009b2J \u202eback\n')).toBe('\\x1b[31mred\\x07 \\x9b2J \\u202eback\\n');
    expect(visible('tab\there, naïve – 日本 👩‍👧')).toBe('tab\there, naïve – 日本 👩‍👧');
    const json = visibleJson({ [obeyed.join('')]: `${obeyed.join('x')}\n` });
    expect(commands(json)).toEqual([]);
    expect(JSON.parse(json)).toEqual({ [obeyed.join('')]: `${obeyed.join('x')}\n` });
    expect(textTable([{ heading: 'h', cell: (x: string) => x }], ['\x1b[2J', 'plain'])).toEqual([
      'h',
      '───────',
      '\\x1b[2J',
      'plain',
    ]);
  });

  it('has none of the control characters of a text, a name or an option, with colours and without', async () => {
    const evil = obeyed.slice(1).join('');
    const name = `${evil}.txt`;
    writeFileSync(join(cwd, name), `the quick ${evil} brown fox\n`.repeat(60));
    const options = [
      '--data',
      name,
      ...tinyTraining,
      '--sample',
      '300',
      '--report',
      `${evil}.html`,
      '--save',
      `${evil}.s`,
    ];
    const argv = ['train', ...options, '--optimizer', 'sgd', '--checkpoint', evil];
    const written = { stdout: '', stderr: '' };
    const sink = (stream: keyof typeof written) => ({ write: (text: string) => (written[stream] += text) });
    const io = { stdout: sink('stdout'), stderr: sink('stderr'), cwd, env: { FORCE_COLOR: '1' } };
    expect([await run([...argv, '--json', '-'], io), written.stderr]).not.toContain(1);
    expect(commands(written.stdout)).toEqual([]);
    const { sample, task } = JSON.parse(written.stdout) as TrainOutput;
    expect(task.data).toBe(name);
    expect(commands(sample).length).toBeGreaterThan(20); // the model has learned to write them
    const colours = String.fromCharCode(27);
    expect(commands(written.stderr)).toEqual([colours]); // of the command itself:
    const shown = written.stderr.replaceAll(new RegExp(`${colours}\\[(1|2|22|36|39)m`, 'g'), '');
    expect(commands(shown)).toEqual([]);
    expect(shown).toContain('\\x1b');

    for (const wrong of [
      ['train', '--data', `${evil}none`],
      ['train', `--${evil}`],
      ['train', '--optimizer', evil],
      ['train', '--steps', evil],
      [evil],
      ['bench', evil],
      ['finetune', name],
      ['train', ...options, '--json', `none/${evil}`],
    ]) {
      const { status, stdout, stderr } = await captured(cwd, wrong);
      expect(status).toBeGreaterThan(0);
      expect([commands(stdout + stderr), stderr.split('\n').length]).toEqual([[], 2]);
    }
    const report = readFileSync(join(cwd, `${evil}.html`), 'utf8');
    expect(report).toContain('Text written by sgd');
  });
});
