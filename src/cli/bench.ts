import { OptionError } from '../index';
import { benchDevice, benchModes, benchTargets } from './bench-device';
import { type BenchOutput, benchColumns, explainBench, measure } from './bench-matmul';
import { commandLine, commonOptions, describeOptions, type OptionSpecs, parseOptions } from './options';
import { optionalFile } from './output-file';
import { type Io, printJson, screen } from './terminal/io';
import { showTable } from './terminal/table';
import { backendLine } from './train/summary';
import { oneOf, whole } from './values';

const benchOptions = {
  backend: { value: 'NAME', of: oneOf(benchTargets), otherwise: 'wasm', help: 'what computes' },
  mode: { value: 'NAME', of: oneOf(benchModes), otherwise: 'auto', help: 'how the GPU is driven' },
  size: { value: 'N', of: whole(1, 8192), otherwise: 256, help: 'rows and columns of both matrices' },
  repeats: { value: 'N', of: whole(1, 10_000), otherwise: 5, help: 'rounds behind each median' },
  ...commonOptions,
} satisfies OptionSpecs;

const benchHelp = `floragrad bench matmul: what the kernels of a product gain over the naive one

Every round runs each variant once, one after the other on the same device, so that what
slows the machine down slows them all. The matrices are on the device already; what it
takes to bring them there and to read the result back is shown apart.

${describeOptions(benchOptions)}

Example
  floragrad bench matmul --backend gpu --size 512
`;

export async function bench([what, ...argv]: readonly string[], io: Io): Promise<void> {
  const asked = what === '--help' || what === '-h';
  if (!asked && what !== 'matmul') throw unknownBenchmark(what);
  const parsed = asked ? null : parseOptions('bench', benchOptions, argv);
  if (parsed === null) return void io.stdout.write(benchHelp);
  const { backend: target, mode, size, repeats, seed, json } = parsed.values;
  if (target !== 'gpu' && parsed.given.has('mode')) throw modeWithoutGpu(mode);
  const file = await optionalFile(json, io.cwd);

  const out = screen(io, json);
  const device = await benchDevice(target, mode);
  const facts = device.backend.describe();
  out.line(out.paint.dim('bench'), `    matmul, ${size} × ${size} by ${size} × ${size}, ${repeats} rounds`);
  out.line(out.paint.dim('backend'), `  ${backendLine(facts)}${'adapter' in facts ? `, ${facts.adapter}` : ''}`);
  out.line();
  const result = await measure(device, size, repeats, seed);
  const output: BenchOutput = { ...result, backend: facts, command: commandLine('bench', ['matmul', ...argv]) };
  showTable(out, benchColumns, output.variants);
  for (const line of explainBench(output)) out.line(out.paint.dim(line));

  await file?.write(`${JSON.stringify(output, null, 1)}\n`);
  printJson(io, json, output);
  if (file) {
    out.line();
    out.line('All numbers: ', out.paint.cyan(file.path));
  }
}

function unknownBenchmark(what: string | undefined): OptionError {
  return new OptionError({
    code: 'cli/benchmark',
    got: `floragrad bench got ${what === undefined ? 'no benchmark' : `"${what}"`}`,
    expected: 'the name of a benchmark first: matmul',
    fix: 'floragrad bench matmul, or floragrad bench --help',
  });
}

function modeWithoutGpu(mode: string): OptionError {
  return new OptionError({
    code: 'cli/benchmark',
    got: `--mode ${mode} without --backend gpu`,
    expected: 'a mode for the GPU alone',
    fix: 'add --backend gpu, or leave --mode out',
  });
}
