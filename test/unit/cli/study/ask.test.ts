import { describe, expect, it } from 'vitest';
import { ask } from '../../../../src/cli/study/ask';
import { projectors, random } from '../../../../src/index';
import { type ErrorRow, gradientFamilies, type Question, questions, type RefreshRow } from '../../../../src/study';
import { captured, workFolder } from '../captured';

const cwd = workFolder();
const study = (...more: string[]) => captured(cwd, ['study', ...more]);

describe('floragrad study', () => {
  it('asks what the library asks, with the same options, and says of what', async () => {
    const more = '--projector haar,rademacher --shape 8x16,12x6 --rank 2,5 --trials 180 --seed 5'.split(' ');
    const { status, stdout } = await study(...more, '--json', '-', '--threads', '1');
    expect(status).toBe(0);
    const shapes = [
      [8, 16],
      [12, 6],
    ] as const;
    const key = random.fold(random.key(5), 'gradient');
    const { rows } = await questions.error.ask({
      gradients: shapes.map((shape) => ({
        name: `gaussian ${shape.join('x')}`,
        gradient: gradientFamilies.gaussian(key, shape),
      })),
      projectors: [projectors.haar, projectors.rademacher],
      ranks: [2, 5],
      trials: 180,
      seed: 5,
    });
    const said = JSON.parse(stdout) as { rows: ErrorRow[] };
    expect(said).toEqual({
      question: 'error',
      command: `floragrad study error ${more.join(' ')}`,
      seed: 5,
      versions: { floragrad: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      rows,
    });
    const other = JSON.parse((await study(...more.slice(0, -1), '6', '--json', '-')).stdout) as { rows: ErrorRow[] };
    for (const [i, one] of other.rows.entries()) expect(one.relativeMse).not.toBe(rows[i]?.relativeMse);
  });

  it('hands every option of a question on', async () => {
    const small = '--rank 2,1 --every 5,never --on-refresh reset,keep --dimension 6 --steps 30 --seeds 2'.split(' ');
    const more = '--seed 4 --momentum 0.5 --projector haar --learning-rates 0.02,0.2'.split(' ');
    const { stdout, stderr } = await study('refresh', ...small, ...more, '--json', '-');
    const { rows } = JSON.parse(stdout) as { rows: RefreshRow[] };
    const expected = await questions.refresh.ask({
      ranks: [2, 1],
      intervals: [5, Infinity],
      policies: ['reset', 'keep'],
      dimension: 6,
      steps: 30,
      seeds: 2,
      seed: 4,
      decay: 0.5,
      projector: projectors.haar,
      learningRates: [0.02, 0.2],
    });
    expect(rows).toEqual(expected.rows);
    expect(stderr).toMatch(/rank {2}momentum +every 5 +never/);
    // Each option is worth something: without it the numbers are others.
    for (const name of ['seed', 'momentum', 'projector', 'learning-rates']) {
      const at = more.indexOf(`--${name}`);
      const rest = [...more.slice(0, at), ...more.slice(at + 2)];
      const without = JSON.parse((await study('refresh', ...small, ...rest, '--json', '-')).stdout) as {
        rows: RefreshRow[];
      };
      expect(without.rows, name).not.toEqual(rows);
    }
  });

  it('asks for the error where no question is named, and lists the others', async () => {
    expect((await study('refresh', '--help')).stdout).toMatch(/^floragrad study refresh: does a new projection help/);
    const plain = (await study('--help')).stdout;
    expect((await study('error', '--help')).stdout).toBe(plain);
    for (const [name, { spec }] of Object.entries(questions))
      expect(plain).toMatch(new RegExp(`  ${name} +${spec.asks.slice(0, 20)}`));
  });

  it('shows an example in the help of each question that it would take', async () => {
    for (const [name, question] of Object.entries(questions)) {
      const [, , asked, ...options] = question.spec.example.split(' ');
      expect(asked).toBe(name);
      const read = ask(question as Question).read(options);
      expect(Object.keys(read ?? {}), name).toEqual(expect.arrayContaining(['seed', 'report', 'figures']));
      const help = (await study(name, '--help')).stdout;
      expect(help).toContain(question.spec.example);
      expect(Math.max(...help.split('\n').map(({ length }) => length)), name).toBeLessThanOrEqual(100);
    }
  });

  it.each([
    [['refresh', '--every', '0'], /cli\/number.*or never/],
    [['refresh', '--every', 'often'], /cli\/number/],
    [['refresh', '--on-refresh', 'hold'], /cli\/choice/],
    [['refresh', '--dimension', '3', '--rank', '4'], /cli\/rank/],
    [['refesh'], /cli\/choice.*floragrad study refresh/],
    [['--shape', '8x8', '--gradient', 'captured:x.safetensors'], /cli\/needs.*--shape/],
    [['--parameters', '*', '--gradient', 'gaussian'], /cli\/needs.*--parameters/],
    [['--rank', '65', '--shape', '64x128'], /cli\/rank/],
  ])('refuses %j', async (more, message) => {
    const { status, stderr } = await study(...more);
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
