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
  // After twenty steps; a guess is right one time in ten.
  'cnn-digits.ts': [/^step {3}0 {2}loss [23]\.\d+$/m, /^[6-9]\d\.\d % of 1000 unseen digits are read right$/m],
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
  'gpt-lora.ts': [
    /^27392 parameters trained, 219136 bytes of state, loss 0\.[4-6]\d$/m,
    /: [6-9]\d % end in a, \d % end in o$/m,
    /^4324 parameters trained, 34592 bytes of state, loss 0\.[3-6]\d$/m,
    /: \d % end in a, (9\d|100) % end in o$/m,
  ],
  // A table of pairs of letters would have 1.77, the padding counted.
  'gru-names.ts': [/^step {3}0 {2}loss 3\.\d+$/m, /^step {2}60 {2}loss 1\.[2-5]\d+$/m, /^[a-z]+ \(new\)$/m],
  'linear-regression.ts': [/^y = 3\.0\d x \+ (1\.99|2\.0\d)$/],
  'mlp-spiral.ts': [/^accuracy (9[5-9]\.\d|100\.0) %$/m],
  'projection-error.ts': [
    /^gaussian +squared error \d\.\d\d, theory 4\.13$/m,
    /^rademacher +squared error \d\.\d\d, theory 3\.88$/m,
    /^haar +squared error \d\.\d\d, theory 3\.00$/m,
    /^coordinates +squared error \d\.\d\d, theory 3\.00$/m,
    /^mean of 1000 draws +squared error 0\.00\d\d, theory 0\.0041$/m,
  ],
  'pytorch.ts': [
    /^nanoGPT: 29 tensors, logits within 1e-5$/m,
    /^Hugging Face: logits within 1e-5$/m,
    /^written for PyTorch: 29 of 29 tensors with the same name and numbers$/m,
  ],
  // Its numbers are its own, so that nothing may move them but the machine's tanh.
  'micro.ts': [
    /^Adam: loss 1\.048 → 0\.001, 2370 numbers of state$/m,
    /^Momentum, Flora: loss 1\.048 → 0\.005, 417 numbers of state$/m,
    /^the mean of 1000 draws: squared error 0\.00424, theory 0\.00413$/m,
  ],
  // Newton squares its error at the end; eight steps of descent have hardly begun.
  'second-order.ts': [/^8: Newton 0\.1704, gradient \d(\.\d)?e-[5-8]; descent 0\.6\d+, 1$/m],
  // It reads 99 % right after all of its steps; here it has hardly begun.
  'translation.ts': [
    /^step {3}0 {2}loss 2\.\d+$/m,
    /^(zero|[a-z ]+) → \d+$/m,
    /^\d+(\.\d)? % of 500 numbers that were/m,
  ],
  // A grey image costs 784·log 2 = 543 nats.
  'vae-digits.ts': [
    /^step {4}0 {2}reconstruction 5\d\d\.\d \+ divergence {3}0\.\d nats$/m,
    /^step {3}20 {2}reconstruction [12]\d\d\.\d \+ divergence {1,3}\d+\.\d nats$/m,
  ],
  'worker.ts': [
    /^step 0 {2}loss 2\.\d\d$/m,
    /^step 30 {2}loss [01]\.\d\d$/m,
    /^320 weights came over, not copied$/m,
    /^the main thread was free all the time$/m,
  ],
};

/** Fewer steps than a reader would take, for those that take the number from the environment. */
const steps: Readonly<Record<string, string>> = {
  'cnn-digits.ts': '20',
  'diffusion.ts': '5',
  'vae-digits.ts': '20',
  'worker.ts': '40',
};

/** Programs for a browser: test/browser/example.test.ts runs them. */
const inBrowsers = ['page.ts'];

describe('examples', () => {
  const files = readdirSync('examples').filter((file) => file.endsWith('.ts'));

  // A real program has a line for its data, a model, a loop and a result, which 60 lines hold.
  it('each has a row here and is at most 60 lines long, but for the library on two pages', () => {
    expect(files.sort()).toEqual([...Object.keys(expected), ...inBrowsers].sort());
    for (const file of files.filter((file) => file !== 'micro.ts'))
      expect(readFileSync(`examples/${file}`, 'utf8').split('\n').length).toBeLessThan(62);
  });

  const outputs = new Map<string, Promise<string[]>>();
  const linesOf = (file: string): Promise<string[]> => {
    const lines =
      outputs.get(file) ?? runScript({ file: `examples/${file}` }, { cwd: '.', env: { STEPS: steps[file] ?? '60' } });
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
