// The door of `floragrad/gpu`. gpu.js itself is loaded when a backend is asked for.

export type { GpuMode } from './backend/gpu/gpujs';
export { type GpuOptions, gpu } from './backend/gpu/open';
