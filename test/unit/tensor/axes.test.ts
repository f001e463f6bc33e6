import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = 'src/tensor/ops';
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));

/** Names of exported functions whose declaration, or whose options, have an axis. */
function withAxis(pattern: RegExp): string[] {
  return files.filter((file) => pattern.test(readFileSync(`${folder}/${file}`, 'utf8'))).sort();
}

// Decision 0023: an axis is the last operand of what moves data, and an option of what computes along it.
it('axes are operands of what moves data, and options of the rest', () => {
  const operands = withAxis(/^export function \w+\(.*\baxis(\?: number| = |: number).*\): Tensor/m);
  const options = withAxis(/^ {2}axis: (optional|required)\(/m);
  expect(operands).toEqual(
    ['concat', 'flip', 'repeat', 'reshape', 'roll', 'slice', 'take-along'].map((name) => `movement/${name}.ts`),
  );
  expect(options.length).toBeGreaterThan(3);
  expect(options.filter((file) => file.startsWith('movement/'))).toEqual([]);
});
