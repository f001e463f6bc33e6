import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const rooms = ['src', 'kernels', 'docs', 'test', 'bench', 'scripts', 'examples', 'lessons', 'site'];
const skipped =
  /node_modules|(bench|site)\/dist\/|\/generated\/|\/fixtures\/|\/\.(cache|content)\/|mutations\.m|package\/prose\.test\.ts$/;
const pages = rooms
  .flatMap((room) => readdirSync(room, { recursive: true, encoding: 'utf8' }).map((file) => `${room}/${file}`))
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.(ts|mjs|md)$/.test(file) && !skipped.test(file))
  .concat('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md');

/** What a learner stumbles over, and what is written in its place. */
const habits: readonly (readonly [string, RegExp])[] = [
  ['"so many" for a number: name the number, or write "a number of"', /\bso many\b/i],
  ['code that is a person: name the function, thread, scope or caller', /\b(nobody|somebody|whoever)\b/i],
  ['"shall": write what happens, or "must"', /\bshall\b/i],
  ['a comment that is a fragment: write what the thing is', /\/\*\* Of [^*]*\*\/$/],
];

it.each(habits)('no %s', (_, habit) => {
  const found = pages.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) => (habit.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
  expect(pages.length).toBeGreaterThan(500);
});
