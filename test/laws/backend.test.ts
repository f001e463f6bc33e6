import { describe, it } from 'vitest';
import { referenceBackend } from '../../src/backend/reference';
import { wasmBackend } from '../../src/backend/wasm';
import { relaxedAvailable } from '../../src/backend/wasm-module';
import type { Backend } from '../../src/index';
import { backendLaws } from '../../src/laws';

function holdTo(create: () => Backend): () => void {
  return () => {
    for (const { name, holds } of backendLaws(create)) it(name, holds);
  };
}

describe('reference', holdTo(referenceBackend));
describe(
  'wasm, best build',
  holdTo(() => wasmBackend()),
);
describe(
  'wasm, baseline build',
  holdTo(() => wasmBackend({ build: 'baseline' })),
);
// Node 20 has relaxed SIMD behind a flag, with which .ci/run runs these once more.
describe.skipIf(!relaxedAvailable())(
  'wasm, relaxed build',
  holdTo(() => wasmBackend({ build: 'relaxed' })),
);
