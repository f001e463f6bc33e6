import { describe, it } from 'vitest';
import { transformLaws } from '../../src/laws';
import { transformRows } from './transforms';

describe.each(transformRows)('$name', ({ make, needs }) => {
  for (const law of transformLaws(make, needs)) it(law.name, law.holds);
});
