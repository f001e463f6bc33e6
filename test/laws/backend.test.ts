import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceBackend } from '../../src/backend/reference/backend';
import { wasmBackend } from '../../src/backend/wasm/backend';
import { grain, type WasmDevice } from '../../src/backend/wasm/device';
import { relaxedAvailable } from '../../src/backend/wasm/module';
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
/** A backend whose next results lie above 3 GiB: where addresses are negative if they are taken for signed ones. */
function highUp(): Backend {
  const backend = wasmBackend();
  const { heap } = (backend as unknown as { readonly device: WasmDevice }).device;
  for (let held = 0; held < 3 * 2 ** 30; held += 2 ** 24) heap.make('float32', 2 ** 22); // nothing is touched
  return backend;
}
describe('wasm, above 3 GiB', holdTo(highUp));

describe('wasm, on 3 threads', () => {
  const backend = wasmBackend();
  const usual = { ...grain };
  beforeAll(async () => {
    grain.least = 0; // whatever can be split is
    await backend.setThreads?.(3);
    expect(backend.describe().threads).toBe(3);
  });
  afterAll(async () => {
    grain.least = usual.least;
    await backend.setThreads?.(1);
  });
  holdTo(() => backend)();
});

// Node 20 has relaxed SIMD behind a flag, with which .ci/run runs these once more.
describe.skipIf(!relaxedAvailable())(
  'wasm, relaxed build',
  holdTo(() => wasmBackend({ build: 'relaxed' })),
);
