import { describe, it } from 'vitest';
import { gpu } from '../../src/gpu';
import type { Backend } from '../../src/index';
import { backendLaws } from '../../src/laws';
import { driverMissing } from './node-driver';
import { gpuTraps } from './traps';

const missing = await driverMissing('webgpu');

describe.skipIf(missing !== null)(`webgpu in Node ${missing ?? ''}`, async () => {
  const backend = missing === null ? await gpu({ mode: 'webgpu' }) : (null as unknown as Backend);
  for (const { name, holds } of [...gpuTraps(() => backend), ...backendLaws(() => backend)]) it(name, holds);
});
