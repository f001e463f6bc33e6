// The search behind `npm start`: is there a task of its size on which momentum, which Flora compresses, is worth anything?
//   npm run build && node bench/main-job.mjs            about ten minutes on two cores
//   npm run build && node bench/main-job.mjs --write    and write docs/main-job.md
// The task and the grid stood before the first run: learning rates are chosen on seed 100, for each method alone, and the
// numbers that count come from seeds 0 to 2 with the rate that was best there.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const adafactorRates = [0.025, 0.035, 0.05, 0.07, 0.1];
const adamRates = [0.002, 0.004, 0.008, 0.016, 0.032];
const flora = (rank, ordering) => ['flora', '--rank', rank, '--ordering', ordering, '--momentum', '0.5'];

/** Each method, its options and its grid. The first is the control, the second what must beat it. */
const methods = {
  none: [['none'], adafactorRates],
  'dense, β 0.5': [['adafactor', '--momentum', '0.5'], adafactorRates],
  'dense, β 0.9': [['adafactor', '--momentum', '0.9'], adafactorRates],
  'Flora, rank 32, flora-opt': [flora('32', 'flora-opt'), adafactorRates],
  'Flora, rank 32, paper': [flora('32', 'paper'), adafactorRates],
  'Flora, rank 16, flora-opt': [flora('16', 'flora-opt'), adafactorRates],
  'AdamW, for comparison': [['adamw'], adamRates],
};

const lines = [];
const say = (...more) => {
  for (const line of more) console.log(line);
  lines.push(...more);
};

/** One training; the default preset has the rest. */
function train([optimizer, ...options], rate, seed) {
  const argv = ['train', '--optimizer', optimizer, ...options, '--learning-rate', rate, '--seed', seed, '--seeds', 1];
  const args = [cli, ...argv, '--sample', 0, '--report', '-', '--json', '-'].map(String);
  const output = execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
  return JSON.parse(output).runs[0];
}

/** Mean and 95 % interval (Student's t) of differences between three pairs. */
function paired(differences) {
  const n = differences.length;
  const mean = differences.reduce((a, b) => a + b) / n;
  const deviation = Math.sqrt(differences.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
  const half = (4.302652729749462 * deviation) / Math.sqrt(n); // the 97.5 % point for two degrees of freedom
  return `${mean.toFixed(4)} [${(mean - half).toFixed(4)}, ${(mean + half).toFixed(4)}]`;
}

const started = Date.now();
say('# The main job, and how its task was found', '');
say(
  '`node bench/main-job.mjs --write` made this page. Moby-Dick by characters; a GPT of 2 layers of width 64, 4 heads and context 64;',
);
say(
  '1,500 steps of 8 × 64 characters; warm-up and cosine. `none` is Adafactor without momentum; `dense` has momentum β; Flora has',
);
say('the same momentum compressed. Losses are validation losses in nats per character, on 16 fixed batches.', '');
say(
  '## Learning rates: seed 100',
  '',
  'Task and grid were fixed before the first run; that of AdamW was moved up once, since its best rate was at an edge. The best of each row is set in bold.',
  '',
);
const best = {};
for (const rates of [adafactorRates, adamRates]) {
  say(`| method | ${rates.join(' | ')} |`, `| --- | ${rates.map(() => '---').join(' | ')} |`);
  for (const [name, [options, own]] of Object.entries(methods)) {
    if (own !== rates) continue;
    const losses = rates.map((rate) => train(options, rate, 100).validationLoss);
    const least = Math.min(...losses);
    best[name] = rates[losses.indexOf(least)];
    say(`| ${name} | ${losses.map((x) => (x === least ? `**${x.toFixed(3)}**` : x.toFixed(3))).join(' | ')} |`);
  }
  say('');
}

say('## With these rates: seeds 0, 1 and 2', '');
say(
  'The gain is how much lower a loss is than that of `none` with the same seed: mean and 95 % interval (Student, three pairs).',
  '',
);
say(
  '| method | rate | seed 0 | seed 1 | seed 2 | gain | bytes of state |',
  '| --- | --- | --- | --- | --- | --- | --- |',
);
let control;
for (const [name, [options]] of Object.entries(methods)) {
  const runs = [0, 1, 2].map((seed) => train(options, best[name], seed));
  const losses = runs.map((run) => run.validationLoss);
  control ??= losses;
  const gain = losses === control ? '–' : paired(losses.map((x, i) => control[i] - x));
  say(
    `| ${name} | ${best[name]} | ${losses.map((x) => x.toFixed(3)).join(' | ')} | ${gain} | ${runs[0].stateBytes.toLocaleString('en-US')} |`,
  );
}
say('');
const minutes = ((Date.now() - started) / 60_000).toFixed(0);
console.log(`${minutes} minutes`);
if (process.argv.includes('--write')) {
  writeFileSync(fileURLToPath(new URL('../docs/main-job.md', import.meta.url)), `${lines.join('\n').trimEnd()}\n`);
}
