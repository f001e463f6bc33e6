import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index';
import { matmul, setBackend, tensor } from '../../src/index';
import { openDevice } from './device';
import { expectSpike } from './expect-spike';
import { GpuSketch } from './gpu-sketch';
import { chooseNodeMode } from './node-mode';
import { runSpike } from './scenario';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

async function collect(): Promise<void> {
  gc();
  await new Promise((resolve) => setTimeout(resolve, 10));
}

const { mode, why, lib } = await chooseNodeMode();
console.info(`gpu.js spike in Node runs on ${mode}: ${why}`);
if (process.env.FLORAGRAD_REQUIRE_WEBGPU === '1' && mode !== 'webgpu') throw new Error(`webgpu was required: ${why}`);
const device = await openDevice(lib, mode); // one per process: contexts are scarce

describe(`gpu.js behind the backend contract, in Node on ${mode}`, () => {
  it('trains without waiting, gives the right numbers and leaves nothing on the device', async () => {
    expectSpike(await runSpike(new GpuSketch(device), collect));
  });

  it('refuses a synchronous read and says what to use', async () => {
    const sketch = new GpuSketch(device);
    setBackend(sketch);
    const product: Tensor = matmul(tensor([[1, 2]]), tensor([[3], [4]]));
    expect(() => product.dataSync()).toThrow(/\[read\/sync\].*await t\.data\(\)/);
    expect(await product.item()).toBe(11);
    expect(() => product.tanh()).toThrow('[spike/not-covered]');
  });

  it('reports an error of the device at the read of what depends on it', async () => {
    const launch = async (): Promise<never> => {
      throw new Error('device lost');
    };
    setBackend(new GpuSketch(Object.create(device, { launch: { value: launch } })));
    const product = matmul(tensor([[1, 2]]), tensor([[3], [4]]));
    await expect(matmul(product, product).data()).rejects.toThrow('device lost');
  });
});
