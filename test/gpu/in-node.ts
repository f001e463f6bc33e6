import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, it } from 'vitest';
import { type GpuMode, gpu } from '../../src/gpu';
import { type FullBackend, setBackend } from '../../src/index';
import { opLaws } from '../../src/laws';
import { internalRows } from '../laws/internal-ops';
import { lossLaws } from './faults';
import { driverMissing } from './node-driver';
import { runs, suite } from './suite';

setFlagsFromString('--expose-gc');
Object.assign(globalThis, { gc: runInNewContext('gc') as () => void });

/** One test for each law of a driver, on the sources. */
export async function inNode(mode: GpuMode): Promise<void> {
  const missing = await driverMissing(mode);
  describe.skipIf(missing !== null)(`${mode} in Node ${missing ?? ''}`, () => {
    let backend: FullBackend;
    const open = (): Promise<FullBackend> => gpu({ mode });
    beforeAll(async () => {
      backend = await open();
      setBackend(backend);
      console.info(JSON.stringify(backend.describe()));
    });
    const last = mode === 'webgpu' ? lossLaws(() => backend, open) : []; // headless GL cannot lose its context
    const internal = internalRows.flatMap((row) => opLaws(row, { runs: runs.ops })); // pages have the package alone
    for (const { name, holds } of [...suite(() => backend, open), ...internal, ...last])
      it(name, () => holds(), 120_000);
  });
}
