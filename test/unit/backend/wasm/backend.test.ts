import { afterEach, describe, expect, it, vi } from 'vitest';
import { wasmBackend } from '../../../../src/backend/wasm/backend';
import { relaxedAvailable } from '../../../../src/backend/wasm/module';
import { WasmStorage } from '../../../../src/backend/wasm/storage';
import { BackendError, OptionError } from '../../../../src/base/errors';

describe('wasmBackend', () => {
  afterEach(() => void vi.unstubAllGlobals());
  it('says which build runs', () => {
    const { build, threads, simd } = wasmBackend({ build: 'baseline' }).describe();
    expect({ build, threads, simd }).toEqual({ build: 'baseline', threads: 1, simd: true });
    expect(wasmBackend().describe().build).toBe(relaxedAvailable() ? 'relaxed' : 'baseline');
  });
  it('refuses a build that the platform cannot run, instead of another one in silence', () => {
    if (relaxedAvailable()) expect(wasmBackend({ build: 'relaxed' }).describe().build).toBe('relaxed');
    else expect(() => wasmBackend({ build: 'relaxed' })).toThrowError(BackendError);
  });
  it('refuses unknown options and builds', () => {
    const options = { bulid: 'baseline' };
    expect(() => wasmBackend(options as object)).toThrowError(OptionError);
    expect(() => wasmBackend({ build: 'fast' as 'relaxed' })).toThrowError('expected "baseline" or "relaxed"');
  });
  it('says how much is held when 4 GiB are not enough', () => {
    const backend = wasmBackend();
    backend.random('uniform', [1, 2], [100]);
    expect(() => backend.random('uniform', [1, 2], [2 ** 31])).toThrowError(
      /\[backend\/out-of-memory\] 8589934592 bytes were needed while 1 tensors hold 400 bytes/,
    );
  });
  it.each([true, false])('keeps values while memory grows; shared memory: %s', async (shared) => {
    vi.stubGlobal('crossOriginIsolated', shared); // what a page without isolation says
    const backend = wasmBackend();
    expect(backend.describe().sharedMemory === true).toBe(shared);
    const first = backend.random('normal', [1, 2], [1000]);
    const expected = await backend.read(first);
    for (let i = 0; i < 8; i++) backend.random('rademacher', [1, i], [2 ** 20]);
    expect(await backend.read(first)).toEqual(expected);
    expect(backend.memory().bytes).toBe(4000 + 8 * 2 ** 22);
  });
  it('poison overwrites a block when its last user lets go', () => {
    const backend = wasmBackend();
    backend.poison(true);
    const kept = backend.random('normal', [1, 2], [8]) as WasmStorage;
    const stale = new WasmStorage('float32', 8, kept.block, null); // what a forgotten reference would see
    const alias = backend.alias(kept);
    backend.free(kept);
    expect(backend.readSync(stale)).not.toContain(Number.NaN);
    backend.free(alias);
    expect(backend.readSync(stale)).toEqual(new Float32Array(8).fill(Number.NaN));
  });
});
