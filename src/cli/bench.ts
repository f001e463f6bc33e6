import { OptionError } from '../index';
import { benchDevice, benchModes, benchTargets } from './bench-device';
import { type BenchOutput, benchColumns, explainBench, measure } from './bench-matmul';
import { type Io, screen } from './io';
import { commandLine, commonOptions, describeOptions, type OptionSpecs, parseOptions } from './options';
import { outputFile } from './output-file';
import { textTable } from './table';
import { backendLine } from './train-summary';
import { choice, wholeNumber } from './values';

const benchOptions = {
  backend: { value: 'NAME', help: `${benchTargets.join(', ')}: what computes [wasm]` },
  mode: { value: 'NAME', help: `${benchModes.join(', ')}: how the GPU is driven [auto]` },
  size: { value: 'N', help: 'rows and columns of both matrices, up to 8192 [256]' },
  repeats: { value: 'N', help: 'rounds behind each median [5]' },
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
  const given = asked ? null : parseOptions('bench', benchOptions, argv);
  if (given === null) return void io.stdout.write(benchHelp);
  const target = choice('backend', given.backend ?? 'wasm', benchTargets);
  const mode = choice('mode', given.mode ?? 'auto', benchModes);
  if (target !== 'gpu' && given.mode !== undefined) throw modeWithoutGpu(given.mode);
  const size = wholeNumber('size', given.size ?? '256', { low: 1, high: 8192 });
  const repeats = wholeNumber('repeats', given.repeats ?? '5', { low: 1 });
  const seed = wholeNumber('seed', given.seed ?? '0', { low: 0 });
  const json = given.json === undefined || given.json === '-' ? null : await outputFile(given.json, io.cwd);

  const out = screen(io, given.json);
  const device = await benchDevice(target, mode);
  const facts = device.backend.describe();
  out.line(`${out.paint.dim('bench')}    matmul, ${size} × ${size} by ${size} × ${size}, ${repeats} rounds`);
  out.line(`${out.paint.dim('backend')}  ${backendLine(facts)}${'adapter' in facts ? `, ${facts.adapter}` : ''}\n`);
  const result = await measure(device, size, repeats, seed);
  const output: BenchOutput = { ...result, backend: facts, command: commandLine('bench', ['matmul', ...argv]) };
  const [headings, rule, ...lines] = textTable(benchColumns, output.variants);
  out.line(out.paint.bold(headings));
  out.line(out.paint.dim(rule));
  for (const line of lines) out.line(line);
  out.line();
  for (const line of explainBench(output)) out.line(out.paint.dim(line));

  await json?.write(`${JSON.stringify(output, null, 1)}\n`);
  if (given.json === '-') io.stdout.write(`${JSON.stringify(output)}\n`);
  if (json) out.line(`\nAll numbers: ${out.paint.cyan(json.path)}`);
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
