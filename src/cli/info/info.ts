import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { backend } from '../../index';
import { command } from '../command';
import { corporaHere } from '../corpus';
import { facts } from '../terminal/table';
import { gpusHere } from './gpu-here';
import { mpiHere } from './mpi-here';

export const info = command({
  name: 'info',
  summary: 'what runs here: backend, versions, data',
  purpose: 'what runs here, and on what',
  options: {},

  async run(_, { out, cwd, env }) {
    const found = {
      floragrad: version(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cores: availableParallelism(),
      backend: backend().describe(),
      gpu: await gpusHere(env),
      mpi: await mpiHere(),
      data: corporaHere(cwd),
    };
    const fact = facts(out, 16);
    fact('floragrad', found.floragrad);
    fact('node', `${found.node} on ${found.platform}`);
    fact('cores', String(found.cores));
    out.line();
    out.line('backend');
    for (const [name, value] of Object.entries(found.backend)) fact(`  ${name}`, String(value));
    out.line();
    out.line('gpu');
    for (const { mode, adapter, missing, command } of found.gpu) {
      fact(`  ${mode}`, adapter ?? `not here: ${missing}`);
      if (command !== undefined) fact('', `→ ${command}`);
    }
    out.line();
    out.line('several ranks');
    for (const { part, found: place, command } of found.mpi) {
      fact(`  ${part}`, place ?? 'not here');
      if (command !== undefined) fact('', `→ ${command}`);
    }
    out.line();
    out.line('data for --data');
    for (const [name, place] of Object.entries(found.data)) fact(`  ${name}`, place ?? 'not installed');
    fact('  FILE', 'any text in UTF-8');
    return { numbers: found };
  },
});

/** The version of this package, whose package.json lies above the sources as it does above `dist`. */
export function version(): string {
  const require = createRequire(import.meta.url);
  for (const place of ['../package.json', '../../../package.json']) {
    try {
      const found = require(place) as { name?: string; version?: string };
      if (found.name === 'floragrad' && found.version) return found.version;
    } catch {
      // One folder further up, then.
    }
  }
  return 'unknown';
}
