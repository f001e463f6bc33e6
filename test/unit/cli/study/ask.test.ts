import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvParse } from 'd3-dsv';
import { describe, expect, it } from 'vitest';
import { ask } from '../../../../src/cli/study/ask';
import { spelled } from '../../../../src/cli/study/words';
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

  it('measures projectors of a module, all that it exports, in their place of the list', async () => {
    writeFileSync(
      join(cwd, 'mine.mjs'),
      `export const half = {
         name: 'half', side: () => 'left',
         sample: (key, shape, rank) => ({ side: 'left', shape, rank }),
         down: (p, gradient) => gradient.mul(0.5),
         up: (p, compressed) => compressed,
         transfer: (compressed) => compressed,
         storedFloats: () => 0,
         theory: () => ({ gain: 0.5, relativeMse: 0.25 }),
       };
       export const other = { ...half, name: 'quarter', up: (p, compressed) => compressed.mul(0.5) };`,
    );
    const argv = ['--projector', 'haar,./mine.mjs', '--shape', '4x6', '--rank', '2', '--trials', '166', '--json', '-'];
    const { stdout, status } = await study(...argv);
    expect(status).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: ErrorRow[] };
    expect(rows.map(({ projector }) => projector)).toEqual(['haar', 'half', 'quarter']);
    expect(rows.slice(1).map(({ relativeMse }) => relativeMse)).toEqual([
      expect.closeTo(0.25, 6),
      expect.closeTo(0.5625, 6),
    ]);
    expect(questions.error.spec.table(rows).lines.map((line) => line.at(-1)?.split(' ')[0])).toEqual([
      'unbiased',
      'times',
      'BIASED',
    ]);
  });

  it('writes figures, rows and times into a folder, and what the page shows is in it', async () => {
    const argv = '--projector haar,gaussian --shape 6x8 --rank 2,3 --trials 166'.split(' ');
    const { stdout, status } = await study(...argv, '--figures', 'figs', '--report', 'r.html', '--json', 'r.json');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/Figures: .*figs/)]);
    const read = (file: string): string => readFileSync(join(cwd, file), 'utf8');
    expect(readdirSync(join(cwd, 'figs')).sort()).toEqual([
      'error-gaussian-6x8.svg',
      'error-gaussian-6x8.vl.json',
      'rows.csv',
      'rows.json',
      'timings.json',
    ]);
    const said = JSON.parse(read('r.json')) as { command: string; rows: ErrorRow[] };
    expect(said.command).toBe(`floragrad study error ${argv.join(' ')}`);
    expect(JSON.parse(read('figs/rows.json'))).toEqual(said);
    const errors = csvParse(read('figs/rows.csv')).map(({ relativeMse }) => Number(relativeMse));
    expect(errors).toEqual(said.rows.map(({ relativeMse }) => relativeMse));
    expect((JSON.parse(read('figs/timings.json')) as { seconds: number[] }).seconds).toHaveLength(4);
    const page = read('r.html');
    expect(page).toContain(read('figs/error-gaussian-6x8.svg'));
    expect(page).toContain('No projection here shows a bias that it does not declare.');
    for (const cell of questions.error.spec.table(said.rows).lines.flat())
      expect(page).toContain(cell.replaceAll('>', '&gt;'));
    // The same bytes with another number of threads, but for the times.
    await study(...argv, '--figures', 'again', '--threads', '1');
    for (const file of readdirSync(join(cwd, 'figs')).filter((name) => name !== 'timings.json'))
      expect(read(`again/${file}`), file).toBe(read(`figs/${file}`));
  });

  it('has words for every option of every question, and each reaches the option of its name', async () => {
    const typed: Record<string, readonly [words: string, value: unknown]> = {
      projectors: ['--projector haar,srht', [projectors.haar, projectors.srht]],
      projector: ['--projector haar', projectors.haar],
      ranks: ['--rank 2,3', [2, 3]],
      trials: ['--trials 177', 177],
      seed: ['--seed 9', 9],
      intervals: ['--every 6,never', [6, Infinity]],
      policies: ['--on-refresh keep', ['keep']],
      dimension: ['--dimension 7', 7],
      steps: ['--steps 11', 11],
      decay: ['--momentum 0.25', 0.25],
      learningRates: ['--learning-rates 0.5,2', [0.5, 2]],
      learningRate: ['--learning-rate 0.75', 0.75],
      ages: ['--age 0,4', [0, 4]],
      batches: ['--batches 3,5', [3, 5]],
      noise: ['--noise 1.5', 1.5],
      refreshes: ['--refreshes 8', 8],
      directions: ['--directions 6', 6],
      effect: ['--effect 0.125', 0.125],
      failureChance: ['--failure-chance 0.375', 0.375],
      seeds: ['--seeds 5', 5],
    };
    for (const { spec, ...rest } of Object.values(questions)) {
      const names = Object.keys(spec.options).filter((name) => name !== 'gradients');
      const settings = ask({ spec, ...rest } as Question).read(
        names.flatMap((name) => typed[name]?.[0].split(' ') ?? []),
      );
      const values = await spelled(spec.options, spec.usual).values(settings ?? {}, cwd);
      for (const name of names) expect(values[name], `${spec.name}: ${name}`).toEqual(typed[name]?.[1]);
    }
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
    [['--projector', './nothing.mjs'], /file\/read/, 1],
    [['--projector', './broken.mjs'], /projector\/module.*cannot be imported/, 1],
    [['--projector', './empty.mjs'], /projector\/module.*exports no projector/, 1],
    [['--projector', 'har'], /cli\/choice.*write haar/],
    [['refresh', '--projector', 'all'], /cli\/choice.*\d+ projectors/],
    [['--figures', 'a-file'], /file\/write/, 1],
    [['--figures', 'x', '--report', 'x/r.html'], /cli\/same-file/],
    [['refesh'], /cli\/choice.*floragrad study refresh/],
    [['--shape', '8x8', '--gradient', 'captured:x.safetensors'], /cli\/needs.*--shape/],
    [['--parameters', '*', '--gradient', 'gaussian'], /cli\/needs.*--parameters/],
    [['--rank', '65', '--shape', '64x128'], /cli\/rank/],
  ])('refuses %j', async (more, message, code = 2) => {
    writeFileSync(join(cwd, 'empty.mjs'), 'export const nothing = 1;');
    writeFileSync(join(cwd, 'broken.mjs'), 'export const = 1;');
    writeFileSync(join(cwd, 'a-file'), '');
    const { status, stderr } = await study(...more);
    expect([status, stderr]).toEqual([code, expect.stringMatching(message)]);
  });
});
