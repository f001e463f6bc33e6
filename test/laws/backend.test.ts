import { describe, it } from 'vitest';
import { referenceBackend } from '../../src/backend/reference';
import { wasmBackend } from '../../src/backend/wasm';
import { relaxedAvailable } from '../../src/backend/wasm-module';
import type { Backend } from '../../src/index';
import { backendLaws } from '../../src/laws';

const backends: Record<string, () => Backend> = {
  reference: referenceBackend,
  'wasm, best build': () => wasmBackend(),
  'wasm, baseline build': () => wasmBackend({ build: 'baseline' }),
  ...(relaxedAvailable() && { 'wasm, relaxed build': () => wasmBackend({ build: 'relaxed' }) }),
};

for (const [name, create] of Object.entries(backends)) {
  describe(name, () => {
    for (const { name, holds } of backendLaws(create)) it(name, holds);
  });
}
if (!relaxedAvailable()) it.skip('wasm, relaxed build: this platform has no relaxed SIMD', () => {});
