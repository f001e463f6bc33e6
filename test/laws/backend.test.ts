import { it } from 'vitest';
import { referenceBackend } from '../../src/backend/reference';
import { wasmBackend } from '../../src/backend/wasm';
import { relaxedAvailable } from '../../src/backend/wasm-module';
import { backendLaws } from './backend.laws';

backendLaws('reference', referenceBackend);
backendLaws('wasm, best build', () => wasmBackend());
backendLaws('wasm, baseline build', () => wasmBackend({ build: 'baseline' }));
if (relaxedAvailable()) backendLaws('wasm, relaxed build', () => wasmBackend({ build: 'relaxed' }));
else it.skip('wasm, relaxed build: this platform has no relaxed SIMD', () => {});
