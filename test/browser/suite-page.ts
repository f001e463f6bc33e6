import { gpu } from '../../src/gpu';
import { type FullBackend, setBackend, setThreads, wasmBackend } from '../../src/index';
import type { Law } from '../../src/laws';
import { lossLaws } from '../gpu/faults';
import { computing, suite } from '../gpu/suite';

/** What a page is asked to run its laws on. */
export type Driver = 'webgpu' | 'webgl2' | 'wasm';

/** What tests call in the page. */
export interface SuitePage {
  /** Opens the driver and says what it is. */
  open(driver: Driver): Promise<ReturnType<FullBackend['describe']>>;
  /** What is wrong with the law of this name; null: nothing. */
  hold(name: string): Promise<string | null>;
}

/** The laws, in the order in which they are to be run. */
export function lawsOf(driver: Driver, device: () => FullBackend, open: () => Promise<FullBackend>): Law[] {
  return driver === 'wasm' ? computing(device) : [...suite(device, open), ...lossLaws(device, open)];
}

let backend: FullBackend;
let laws: Map<string, Law>;

const page: SuitePage = {
  async open(driver) {
    const make = (): Promise<FullBackend> => gpu({ mode: driver as 'webgpu' | 'webgl2' });
    backend = driver === 'wasm' ? wasmBackend() : await make();
    setBackend(backend);
    if (driver === 'wasm') await setThreads(2); // as many as the page may have
    laws = new Map(lawsOf(driver, () => backend, make).map((law) => [law.name, law]));
    return backend.describe();
  },
  async hold(name) {
    try {
      await (laws.get(name) as Law).holds();
      return null;
    } catch (error) {
      return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
  },
};
Object.assign(globalThis, page);
