import { describe, it } from 'vitest';
import { gpu } from '../../src/gpu';
import type { Backend } from '../../src/index';
import { backendLaws } from '../../src/laws';
import { driverMissing } from './node-driver';
import { gpuTraps } from './traps';

const missing = await driverMissing('headlessgl');

describe.skipIf(missing !== null)(`headlessgl in Node ${missing ?? ''}`, async () => {
  const backend = missing === null ? await gpu({ mode: 'headlessgl' }) : (null as unknown as Backend);
  for (const { name, holds } of [...gpuTraps(() => backend), ...backendLaws(() => backend)]) it(name, holds);
});
