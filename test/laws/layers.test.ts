import { describe, expect, it } from 'vitest';
import * as nn from '../../src/nn';
import { Module } from '../../src/nn/module';
import { lawsOfLayer } from './composed';
import { layerRows } from './layers';

for (const row of layerRows) {
  describe(row.name, () => {
    for (const { name, holds } of lawsOfLayer(row)) it(name, holds);
  });
}

it('every module has a row', () => {
  const modules = Object.entries(nn).filter(
    ([name, value]) => name !== 'Adapter' && typeof value === 'function' && value.prototype instanceof Module,
  );
  expect(layerRows.map(({ name }) => name).sort()).toEqual(modules.map(([name]) => name).sort());
});
