import { afterAll, describe, expect, it } from 'vitest';
import { misuse } from './harness';
import { callables } from './library';
import { exempt, pending } from './pending';
import { rows } from './rows';

describe('a call that the types refuse', () => {
  let calls = 0;
  afterAll(() => console.log(`${calls} calls of ${rows.length} public functions with wrong arguments of every kind`));

  it.each(rows.map((row) => [row.name, row] as const))('is an error of ours, in the name of %s', async (_, row) => {
    const found = await misuse(row);
    calls += found.calls;
    expect(found.faults).toEqual([]);
  });

  it('is tried on everything public', () => {
    const names = [...callables().keys()];
    const covered = new Set(rows.map(({ name }) => name));
    const excused = new Set([...pending, ...Object.keys(exempt)]);
    expect(names.filter((name) => !covered.has(name) && !excused.has(name))).toEqual([]);
    // `trainer().step` is a row of what `trainer` returns.
    const exported = (name: string): boolean => names.includes(name) || names.includes(name.split('(')[0] as string);
    expect([...covered, ...excused].filter((name) => !exported(name))).toEqual([]);
    expect([...excused].filter((name) => covered.has(name))).toEqual([]);
    expect(rows.length).toBe(covered.size);
  });
});
