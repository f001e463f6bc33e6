import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { markdownTable } from './harness/markdown';
import { type Case, type Outcome, runCase } from './scale-case';

// Step time and memory as a model grows, and how large a model trains: each case in a process of its own.
//   npm run scale                      all, about a quarter of an hour
//   npm run scale -- --only large      one part: doubling or large
//   npm run scale -- --write           all, and write docs/scale.md

const small = { optimizer: 'flora', width: 128, layers: 2, context: 64, batch: 4, rank: 8, streamed: true } as const;
const big = { width: 1024, context: 64, batch: 1, rank: 64, steps: 3 } as const;
const millions = (run?: Outcome): string => (run ? `${(run.parameters / 1e6).toFixed(1)} M` : '–');
const milliseconds = (run?: Outcome): string => (run?.seconds ? (1000 * run.seconds).toFixed(0) : '–');
const mib = (bytes?: number): string => (bytes === undefined ? '–' : (bytes / 2 ** 20).toFixed(1));
const gib = (bytes = 0, digits = 2): string => (bytes / 2 ** 30).toFixed(digits);

const optimizers = ['adamw', 'adafactor', 'flora'] as const;

const lines: string[] = [];
const say = (...paragraph: string[]): void => {
  for (const line of paragraph) console.log(line);
  lines.push(...paragraph);
};

if (process.env.SCALE_CASE) {
  console.log(JSON.stringify(runCase(JSON.parse(process.env.SCALE_CASE) as Case)));
} else {
  const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean', default: false } } });
  if (values.write && values.only !== undefined) throw new Error('--write writes the whole page: leave out --only');
  introduce(inItsOwnProcess({ ...small, steps: 1 }));
  if (values.only !== 'large') doubling();
  if (values.only !== 'doubling') large();
  if (values.write) writeFileSync('docs/scale.md', `${lines.join('\n')}\n`);
}

/** Memory belongs to a process: run the same bundle again. Node 20 has relaxed SIMD behind a flag. */
function inItsOwnProcess(one: Case): Outcome {
  const flags = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [];
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [...flags, process.argv[1] as string], {
    env: { ...process.env, SCALE_CASE: JSON.stringify(one) },
    encoding: 'utf8',
  });
  if (status === 0) return JSON.parse(stdout) as Outcome;
  throw new Error(`${JSON.stringify(one)} ended with ${signal ?? status}: ${stderr}`);
}

function introduce({ build, threads }: Outcome): void {
  const processor = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${gib(totalmem(), 0)} GiB`;
  say(
    '# Scale',
    '',
    'Written by `npm run scale -- --write` (`bench/scale.ts`). A GPT on 96 characters; each case has a process of its own.',
    'Peak is the most that tensors took on the device at once, `memory().peakBytes`; resident is the most memory that the',
    'process had, code and garbage included. Times are medians of the steps after the first and do not repeat to the digit;',
    'peaks do.',
    '',
    `${processor}, ${platform()} ${arch()}, Node ${process.versions.node}; ${build} build of the kernels, threads: ${threads}.`,
  );
}

/** Each size doubled three times while the others stay. */
function doubling(): void {
  const { width, layers, batch, context, rank } = small;
  say(
    '',
    '## What grows with what',
    '',
    `From width ${width}, ${layers} layers, ${batch} windows of ${context} and Flora at rank ${rank}, one size is doubled at a time; the rank at`,
    'width 512. Both optimizers update each parameter as soon as its gradient is complete.',
    '',
  );
  const rows: Row[] = [];
  for (const size of ['width', 'layers', 'batch', 'context', 'rank'] as const) {
    for (const factor of [1, 2, 4, 8]) {
      const base = { ...small, steps: 10, ...(size === 'rank' && { width: 512 }) };
      const sized = { ...base, [size]: base[size] * factor };
      const asked = size === 'rank' ? (['flora'] as const) : (['flora', 'adamw'] as const);
      const runs = asked.map((optimizer) => inItsOwnProcess({ ...sized, optimizer }));
      rows.push({ name: `${size} ${sized[size]}`, runs });
      console.error(rows.at(-1)?.name);
    }
  }
  say(
    ...markdownTable(
      [
        { heading: 'size', cell: ({ name }) => name },
        { heading: 'parameters', align: 'right', cell: ({ runs }) => millions(runs[0]) },
        { heading: 'Flora, ms a step', align: 'right', cell: ({ runs }) => milliseconds(runs[0]) },
        { heading: 'peak MiB', align: 'right', cell: ({ runs }) => mib(runs[0]?.peakBytes) },
        { heading: 'AdamW, ms a step', align: 'right', cell: ({ runs }) => milliseconds(runs[1]) },
        { heading: 'peak MiB', align: 'right', cell: ({ runs }) => mib(runs[1]?.peakBytes) },
      ],
      rows,
    ),
  );
}

/** What fits into the address space of WebAssembly. */
function large(): void {
  say(
    '',
    '## What fits',
    '',
    `GPTs of width ${big.width}, trained for ${big.steps} steps on one window of ${big.context} characters. Adafactor has dense momentum, Flora the same`,
    `momentum at rank ${big.rank}. _Streamed_: the trainer updates each parameter as soon as its gradient is complete, as it does for`,
    'all of these. _Whole_: all gradients first, then all updates, as with a transform that needs the whole record.',
    '',
  );
  const rows: (Row & { readonly streamed: boolean; readonly optimizer: string })[] = [];
  for (const layers of [20, 40, 64]) {
    for (const optimizer of optimizers) {
      for (const streamed of layers === 20 ? [true, false] : [true]) {
        const run = inItsOwnProcess({ ...big, layers, optimizer, streamed });
        rows.push({ name: `${layers} layers`, optimizer, streamed, runs: [run] });
        console.error(layers, optimizer, streamed, run);
      }
    }
  }
  say(
    ...markdownTable(
      [
        { heading: 'parameters', align: 'right', cell: ({ runs }) => millions(runs[0]) },
        { heading: 'optimizer', cell: ({ optimizer }) => optimizer },
        { heading: 'updates', cell: ({ streamed }) => (streamed ? 'streamed' : 'whole') },
        { heading: 'fits', cell: ({ runs }) => (runs[0]?.failure ? 'no' : 'yes') },
        {
          heading: 'state GiB',
          align: 'right',
          cell: ({ runs }) => (runs[0]?.stateBytes ? gib(runs[0].stateBytes) : '–'),
        },
        { heading: 'peak GiB', align: 'right', cell: ({ runs }) => gib(runs[0]?.peakBytes) },
        { heading: 'resident GiB', align: 'right', cell: ({ runs }) => gib(runs[0]?.residentBytes) },
        { heading: 's a step', align: 'right', cell: ({ runs }) => runs[0]?.seconds?.toFixed(1) ?? '–' },
      ],
      rows,
    ),
  );
  const failure = rows.find(({ runs }) => runs[0]?.failure)?.runs[0]?.failure;
  say(
    '',
    'Where it does not fit, the peak is what was reached before the step, or the first state, ended with an error such as',
    '',
    '```',
    failure ?? 'none',
    '```',
    '',
    'WebAssembly memory has 32-bit addresses: 4 GiB for parameters, state, gradients and activations together. Memories with',
    '64-bit addresses (memory64) would lift that; Node 20 does not have them, and they cost checks of bounds that 32-bit ones',
    'get from the processor for nothing.',
  );
}

interface Row {
  readonly name: string;
  readonly runs: readonly Outcome[];
}
