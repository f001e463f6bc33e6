import { parseArgs } from 'node:util';
import { optionalFile } from '../../src/cli/output-file';
import { backendLine } from '../../src/cli/terminal/format';
import { type Io, printJson, screen } from '../../src/cli/terminal/io';
import { showTable } from '../../src/cli/terminal/table';

import { oneOf, whole } from '../../src/cli/values';
import { benchDevice, benchModes, benchTargets } from './device';
import { type BenchOutput, benchColumns, explainBench, measure } from './rounds';

const options = {
  backend: { type: 'string', default: 'wasm' },
  mode: { type: 'string', default: 'auto' },
  size: { type: 'string', default: '256' },
  repeats: { type: 'string', default: '5' },
  seed: { type: 'string', default: '0' },
  json: { type: 'string' },
} as const;

/** Times the kernels of a product in turn, as the command line says, and shows what they gain over the naive one. */
export async function benchMatmul(argv: readonly string[], io: Io): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options });
  const target = oneOf(benchTargets).read('backend', values.backend);
  const mode = oneOf(benchModes).read('mode', values.mode);
  const size = whole(1, 8192).read('size', values.size);
  const repeats = whole(1, 10_000).read('repeats', values.repeats);
  const seed = whole(0, Number.MAX_SAFE_INTEGER).read('seed', values.seed);
  if (target !== 'gpu' && mode !== 'auto') throw new Error(`--mode ${mode} is for --backend gpu`);
  const file = await optionalFile(values.json, io.cwd);

  const out = screen(io, values.json);
  const device = await benchDevice(target, mode);
  const facts = device.backend.describe();
  out.line(out.paint.dim('bench'), `    matmul, ${size} × ${size} by ${size} × ${size}, ${repeats} rounds`);
  out.line(out.paint.dim('backend'), `  ${backendLine(facts)}${'adapter' in facts ? `, ${facts.adapter}` : ''}`);
  out.line();
  const result = await measure(device, size, repeats, seed);
  const output: BenchOutput = { ...result, backend: facts, command: `npm run bench:matmul -- ${argv.join(' ')}` };
  showTable(out, benchColumns, output.variants);
  for (const line of explainBench(output)) out.line(out.paint.dim(line));

  await file?.write(`${JSON.stringify(output, null, 1)}\n`);
  printJson(io, values.json, output);
  if (file) {
    out.line();
    out.line('All numbers: ', out.paint.cyan(file.path));
  }
}
