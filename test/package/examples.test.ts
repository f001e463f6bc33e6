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
  'worker.ts': [
    /^step 0 {2}loss 2\.\d\d$/m,
    /^step 30 {2}loss [01]\.\d\d$/m,
    /^320 weights came over, not copied$/m,
    /^the main thread was free all the time$/m,
  ],
};

/** Fewer steps than a reader takes. */
const env = { STEPS: '40' };

/** Programs for a browser: test/browser/example.test.ts runs them. */
const inBrowsers = ['page.ts'];
/** Those that have a second thread, or a page, to talk to. */
const longer = ['page.ts', 'worker.ts'];

describe('examples', () => {
  const files = readdirSync('examples').filter((file) => file.endsWith('.ts'));

  it('each has a row here and is at most 40 lines long, or 60 with a page or a worker', () => {
    expect(files.sort()).toEqual([...Object.keys(expected), ...inBrowsers].sort());
    for (const file of files) {
      const lines = readFileSync(`examples/${file}`, 'utf8').split('\n').length;
      expect(lines, file).toBeLessThan(longer.includes(file) ? 62 : 42);
    }
  });

  const outputs = new Map<string, Promise<string[]>>();
  const linesOf = (file: string): Promise<string[]> => {
    const lines = outputs.get(file) ?? runScript({ file: `examples/${file}` }, env);
    outputs.set(file, lines);
    return lines;
  };

  it.each(Object.keys(expected))('%s prints what it should', async (file) => {
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
