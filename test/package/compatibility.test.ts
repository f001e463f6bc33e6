import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { layerRows } from '../laws/layers';
import { composedRows, opOf, rows } from '../laws/ops';

it('docs/compatibility.md has every op and layer that has laws, and none else', () => {
  const page = readFileSync('docs/compatibility.md', 'utf8');
  const named = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  const expected = new Set([...rows, ...composedRows, ...layerRows].map(opOf));
  expect([...named].sort()).toEqual([...expected].sort());
});
