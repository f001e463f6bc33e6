import { describe, it } from 'vitest';
import { checkVariances, sampled } from './variances';

// That draws scatter as their laws say, which theories are held to in test/unit/compress/theory/theories.test.ts. Each of the
// tests below fails for a right projector with chance at most 1e-9, by the fourth moment of the exact law
// (`src/study/mean-test.ts`): fewer than 50 of them, so 5e-8 in all. A variance that is off by half is found with chance
// 0.999; `npm run certify` looks for a tenth.
describe('the sample variance', () => {
  for (const row of sampled) it(`of ${row.name}`, () => checkVariances(row, { effect: 0.5 }), 60_000);
});
