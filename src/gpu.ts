// The door of `floragrad/gpu`. gpu.js itself is loaded when a backend is asked for.
export { type GpuOptions, gpu } from './backend/gpu';
export type { GpuMode } from './backend/gpu-js';
