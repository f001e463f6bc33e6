import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const [tour = ''] = readFileSync('docs/reading.md', 'utf8').split('## Follow one datum');
const paragraphs = tour.split(/\n{2,}/).map((text) => text.trim());
const stops = paragraphs.flatMap((text, at) => {
  const found = /^\*\*(\d+)\. (.+?) \((\d+) min\):\*\* ([\s\S]+?)\s_([^_]+\?)_$/.exec(text);
  if (!found) return [];
  const [, number, title, minutes, body] = found as unknown as readonly [string, string, string, string, string];
  return [{ number: Number(number), title, minutes: Number(minutes), body, answer: paragraphs[at + 1] ?? '' }];
});

it('every paragraph in bold is a stop: a number, a title, minutes, and a question at its end', () => {
  expect(stops.map(({ number }) => number)).toEqual(
    paragraphs.filter((text) => text.startsWith('**')).map((_, i) => i),
  );
});

it.each(stops)('"$title" names files that exist, and has an answer', ({ body, answer }) => {
  const files = [...body.matchAll(/`([a-z]+\/[\w./-]+\.ts)`/g)].map(([, file]) => file as string);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(answer).toMatch(/^Answer: .{60}/s);
});

it('promises the minutes and the stops that there are', () => {
  const minutes = stops.reduce((sum, stop) => sum + stop.minutes, 0);
  expect(tour).toContain(`${minutes} minutes`);
  const engine = stops.filter(({ number }) => number <= 6).reduce((sum, stop) => sum + stop.minutes, 0);
  expect(tour).toContain(`(${engine} minutes)`);
  expect(tour).toContain('sixteen stops');
  expect(stops).toHaveLength(16);
});
