import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runScript } from './run-script';

/** What each example prints, as far as it must not change; digits that rounding may move are left open. */
const expected: Readonly<Record<string, readonly RegExp[]>> = {
  'char-gpt.ts': [
    /^step {2}0 {2}loss 3\.\d+$/m,
    /^step 60 {2}loss 0\.[3-7]\d+$/m,
    /^[a-z]+ \(new\)$/m,
    /^[a-z]+ \(a name/m,
  ],
  // Few steps show the form; all of them, as a script, end 0.06 away.
  'diffusion.ts': [
    /^noise: 0\.566 away from the ring$/m,
    /^samples after 5 steps: \d+\.\d{3} away from it, in \d+ of 16 directions$/m,
  ],
  'flora-vs-dense.ts': [
    /^dense momentum +state 35328 bytes +loss/m,
    /^flora, rank 4 +state 5632 bytes +loss/m,
    /^layers\.0\.weight +\[64, 32\] +1408 bytes, gaussian$/m,
    /^layers\.0\.bias +\[64\] +512 bytes, dense/m,
  ],
  'linear-regression.ts': [/^y = 3\.0\d x \+ (1\.99|2\.0\d)$/],
  'mlp-spiral.ts': [/^accuracy (9[5-9]\.\d|100\.0) %$/m],
  'projection-error.ts': [
    /^gaussian +squared error \d\.\d\d, theory 4\.13$/m,
    /^rademacher +squared error \d\.\d\d, theory 3\.88$/m,
    /^haar +squared error \d\.\d\d, theory 3\.00$/m,
    /^coordinates +squared error \d\.\d\d, theory 3\.00$/m,
    /^mean of 1000 draws +squared error 0\.00\d\d, theory 0\.0041$/m,
  ],
  // Newton squares its error at the end; eight steps of descent have hardly begun.
  'second-order.ts': [/^8: Newton 0\.1704, gradient \d(\.\d)?e-[5-8]; descent 0\.6\d+, 1$/m],
};

/** Examples that train for long read how many steps they take. */
const shortened: Readonly<Record<string, Readonly<Record<string, string>>>> = { 'diffusion.ts': { STEPS: '5' } };

describe('examples', () => {
  const files = readdirSync('examples').filter((file) => file.endsWith('.ts'));

  it('each has a row here and is at most 60 lines long', () => {
    expect(files.sort()).toEqual(Object.keys(expected));
    for (const file of files) expect(readFileSync(`examples/${file}`, 'utf8').split('\n').length).toBeLessThan(62);
  });

  const outputs = new Map<string, Promise<string[]>>();
  const linesOf = (file: string): Promise<string[]> => {
    const lines = outputs.get(file) ?? runScript({ file: `examples/${file}` }, shortened[file]);
    outputs.set(file, lines);
    return lines;
  };

  it.each(files)('%s prints what it should', async (file) => {
    const output = (await linesOf(file)).join('\n');
    for (const pattern of expected[file] ?? []) expect(output).toMatch(pattern);
  });

  it('flora-vs-dense.ts: the higher the rank, the more state and the lower the loss; dense has most and lowest', async () => {
    const [dense, ...flora] = (await linesOf('flora-vs-dense.ts')).slice(0, 4);
    const runs = [...flora, dense].map((line) => {
      const [, bytes, loss] = /state (\d+) bytes .* to (\S+)$/.exec(line as string) as RegExpExecArray;
      return [Number(bytes), Number(loss)] as const;
    });
    for (const [i, [bytes, loss]] of runs.slice(1).entries()) {
      const [fewer, higher] = runs[i] as readonly [number, number];
      expect(bytes).toBeGreaterThan(fewer);
      expect(loss).toBeLessThan(higher);
    }
  });
});
