import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { backend, setThreads } from '../../index';
import { corporaHere } from '../corpus';
import { commonOptions, describeOptions, parseOptions } from '../options';
import { optionalFile } from '../output-file';
import { type Io, printJson, screen } from '../terminal/io';
import { gpusHere } from './gpu-here';

const infoHelp = `floragrad info: what runs here, and on what

${describeOptions(commonOptions)}
`;

export async function info(argv: readonly string[], io: Io): Promise<void> {
  const parsed = parseOptions('info', commonOptions, argv);
  if (parsed === null) return void io.stdout.write(infoHelp);
  const { json } = parsed.values;
  const out = screen(io, json);
  const file = await optionalFile(json, io.cwd);
  await setThreads(); // so that the backend says whether they work here
  const facts = {
    floragrad: version(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    backend: backend().describe(),
    gpu: await gpusHere(io.env),
    data: corporaHere(io.cwd),
  };
  const line = (name: string, text: unknown): void => out.line(out.paint.dim(name.padEnd(16)), String(text));
  line('floragrad', facts.floragrad);
  line('node', `${facts.node} on ${facts.platform}`);
  line('cores', facts.cores);
  out.line();
  out.line('backend');
  for (const [name, value] of Object.entries(facts.backend)) line(`  ${name}`, value);
  out.line();
  out.line('gpu');
  for (const { mode, adapter, missing, command } of facts.gpu) {
    line(`  ${mode}`, adapter ?? `not here: ${missing}`);
    if (command !== undefined) line('', `→ ${command}`);
  }
  out.line();
  out.line('data for --data');
  for (const [name, place] of Object.entries(facts.data)) line(`  ${name}`, place ?? 'not installed');
  line('  FILE', 'any text in UTF-8');
  await file?.write(`${JSON.stringify(facts, null, 1)}\n`);
  printJson(io, json, facts);
}

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
