import * as gpujs from 'gpu.js';
import { type GpuJs, type GpuMode, openDevice } from './device';
import { GpuSketch } from './gpu-sketch';
import { runSpike, type SpikeReport } from './scenario';

/** What the test calls in the page. */
export interface SpikePage {
  spike(mode: GpuMode): Promise<SpikeReport>;
}

async function collect(): Promise<void> {
  (globalThis as unknown as { gc(): void }).gc();
  await new Promise((resolve) => setTimeout(resolve, 10));
}

const page = globalThis as unknown as SpikePage;
page.spike = async (mode) => runSpike(new GpuSketch(await openDevice(gpujs as unknown as GpuJs, mode)), collect);
