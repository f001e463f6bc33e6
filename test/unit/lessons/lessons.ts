import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { wrongAnswers } from './wrong-answers';

/** The one function that a lesson or a solution exports. */
type Exercise = (...given: never[]) => unknown;

/** The files of the lessons, in order. */
export const files = readdirSync('lessons').filter((file) => /^\d\d-.*\.ts$/.test(file));

/** All that holds for a lesson. Three test files share the twelve, so that none takes long. */
export function itTeaches(file: string): void {
  describe(file, () => {
    it('prints what it says, and leaves the exercise to the reader', async () => {
      const printed: string[] = [];
      const log = vi.spyOn(console, 'log').mockImplementation((...given) => void printed.push(...linesOf(given)));
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const lesson = await exerciseOf(`lessons/${file}`).finally(() => {
        log.mockRestore();
        warn.mockRestore();
      });
      expect(printed).toEqual(promised(readFileSync(`lessons/${file}`, 'utf8')));
      expect(printed.length).toBeGreaterThan(2);
      await expect((await checkOf(file))(lesson)).rejects.toThrow(/^your turn: /);
    });

    it('has a solution that its check calls right', async () => {
      await (await checkOf(file))(await exerciseOf(`lessons/solutions/${file}`));
    });

    const wrong = wrongAnswers[file.slice(0, 2)] ?? [];
    it.each(wrong)('refuses $fault, with a hint', async ({ answer, says }) => {
      await expect((await checkOf(file))(answer)).rejects.toThrow(says);
    });
    it('refuses two wrong answers at least', () => {
      expect(wrong.length).toBeGreaterThanOrEqual(2);
    });
  });
}

async function exerciseOf(path: string): Promise<Exercise> {
  const exported: Readonly<Record<string, unknown>> = await import(resolve(path));
  const functions = Object.values(exported).filter((value) => typeof value === 'function');
  expect(functions).toHaveLength(1);
  return functions[0] as Exercise;
}

async function checkOf(file: string): Promise<(exercise: Exercise) => Promise<void>> {
  return (await import(resolve(`lessons/checks/${file}`))).check;
}

function linesOf(given: readonly unknown[]): string[] {
  return format(...given).split('\n');
}

/** What a lesson says that it prints: `// prints …` after a statement, or `// prints` and lines that are indented. */
function promised(source: string): string[] {
  return [...source.matchAll(/\/\/ prints (.+)|\/\/ prints((?:\n\/\/ {3}.*)+)/g)].flatMap(([, line, block = '']) =>
    line === undefined
      ? block
          .slice(1)
          .split('\n')
          .map((said) => said.slice('//   '.length))
      : [line],
  );
}
