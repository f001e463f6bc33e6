import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { usualInstances } from '../../src/compress/projectors/projectors';
import { compressedDimension, type Projector, random } from '../../src/index';
import { checkProjector, type Report } from '../../src/study';
import { mutants } from './mutants';
import { checkVariances, sampled } from './variances';

// The long statistical runs behind docs/certification.md:
//   npm run certify                            as in the document: some minutes
//   npm run certify -- --repetitions 200       fewer repetitions of the mutants
//   npm run certify -- --write                 write the document
//   npm run certify -- --only biased --write   one part of it: unbiased, biased, mutants or variances

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3000' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const repetitions = Number(values.repetitions);
const falseAlarm = 1e-9;
const power = 0.999;
const effect = 0.1;
const cases = [
  { shape: [6, 16], rank: 3 },
  { shape: [15, 7], rank: 2 },
  { shape: [8, 8], rank: 8 },
  { shape: [24, 32], rank: 6 },
] as const;

/** What a theory promises of the mean, for the shape and rank of a case: 1 is unbiased, `null` no factor at all. */
function gainOn(projector: Projector, { shape, rank }: (typeof cases)[number]): number | null {
  const given = { values: random.normal(random.key(0), shape).dataSync(), shape, side: projector.side(shape) };
  return projector.theory(compressedDimension(given), rank, given).gain;
}

const all = Object.entries(usualInstances());
const unbiased = all.filter(([, projector]) => gainOn(projector, cases[0]) === 1);
const biased = all.filter(([, projector]) => gainOn(projector, cases[0]) !== 1);

const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  console.log(line);
};
let failures = 0;

interface Row {
  readonly report: Report;
  readonly draws: number;
  /** The largest evidence, beside its threshold, of the checks of means. */
  readonly evidence: string;
  readonly threshold: string;
  readonly approximate: boolean;
}

/** A projector on all cases: what its checks of means needed and found. */
async function certified(projector: Projector, among: number): Promise<Row> {
  const report = await checkProjector(projector, { cases, falseAlarm: falseAlarm / among, power, effect });
  if (!report.passed) failures += 1;
  const means = report.verdicts.filter(({ check }) => check.includes('mean'));
  const most = means.reduce((a, b) => (b.statistic / b.threshold > a.statistic / a.threshold ? b : a));
  return {
    report,
    draws: means.reduce((sum, verdict) => sum + verdict.draws, 0),
    evidence: most.statistic.toFixed(2),
    threshold: most.threshold.toFixed(2),
    approximate: means.some(({ message }) => message.includes('approximate')),
  };
}

async function unbiasedPart(): Promise<void> {
  say('');
  say(
    `Each on ${cases.length} shapes and ranks, from [6, 16] at rank 3 to [24, 32] at rank 6, and a square at full rank. The chance that any of`,
  );
  say(
    `these ${unbiased.length} projectors is called wrong although all are right is at most ${falseAlarm}; one whose mean or mean squared error is`,
  );
  say(
    `off by ${100 * effect} % or more passes with chance at most ${(1 - power).toFixed(3)}. Evidence is in nats, the largest of any check; it convicts at`,
  );
  say('the threshold beside it.');
  say('');
  say('| projector | draws | largest evidence | threshold | verdict |');
  say('| --------- | ----: | ---------------: | --------: | ------- |');
  for (const [label, projector] of unbiased) {
    const { report, draws, evidence, threshold, approximate } = await certified(projector, unbiased.length);
    const level = approximate ? ', the level of its squared error is approximate' : '';
    say(`| ${label} | ${draws} | ${evidence} | ${threshold} | ${report.passed ? `certified${level}` : 'FAILED'} |`);
  }
}

async function biasedPart(): Promise<void> {
  say('');
  say(
    'These declare a bias, and are held to it by the same checks on the same cases: that over fresh draws the mean of Ĝ is',
  );
  say(
    'gain·G, that after a transfer it is gain²·G, and that the squared error around G, which has the bias in it, is what',
  );
  say(
    `the theory says. The gains are those of the ${cases.length} cases in turn. Without one (\`gain: null\`) Ĝ is no multiple of G on average: the`,
  );
  say('squared error is checked, and no mean. Projectors that look at the gradient have no transferred mean.');
  say(
    `The chance that any of these ${biased.length} is called wrong although all are as they declare is at most ${falseAlarm}. One whose draws are all`,
  );
  say('alike for a gradient takes few draws.');
  say('');
  say('| projector | declared gain | checks of means | draws | largest evidence | threshold | verdict |');
  say('| --------- | ------------- | --------------- | ----: | ---------------: | --------: | ------- |');
  for (const [label, projector] of biased) {
    const { report, draws, evidence, threshold, approximate } = await certified(projector, biased.length);
    const gains = cases.map((one) => gainOn(projector, one)?.toFixed(3) ?? 'none');
    const declared = new Set(gains).size === 1 ? gains[0] : gains.join(', ');
    const checks = new Set(report.verdicts.map(({ check }) => check).filter((check) => check.includes('mean')));
    const level = approximate ? ', the level of its squared error is approximate' : '';
    const verdict = report.passed ? `biased as declared${level}` : 'FAILED';
    say(`| ${label} | ${declared} | ${[...checks].join(', ')} | ${draws} | ${evidence} | ${threshold} | ${verdict} |`);
  }
}

async function mutantsPart(): Promise<void> {
  say('');
  say(
    `${repetitions} repetitions each, with fresh seeds, on [6, 16] at rank 3, at the same false-alarm chance of ${falseAlarm} and the default effect of`,
  );
  say('10 %. The power column is the lower end of an exact 95 % interval (Clopper and Pearson).');
  say('');
  say('| mutant | convicted | power at least | draws on average | caught first by |');
  say('| ------ | --------: | -------------: | ---------------: | --------------- |');
  for (const { name, projector } of mutants) {
    let [convicted, draws] = [0, 0];
    const first = new Map<string, number>();
    for (let seed = 0; seed < repetitions; seed++) {
      const options = { cases: cases.slice(0, 1), falseAlarm, power, seed: 1000 + seed, stopAtFailure: true };
      const { verdicts } = await checkProjector(projector, options);
      draws += verdicts.reduce((sum, verdict) => sum + verdict.draws, 0);
      const caught = verdicts.find(({ passed }) => !passed);
      if (!caught) continue;
      convicted += 1;
      first.set(caught.check, (first.get(caught.check) ?? 0) + 1);
    }
    if (convicted < repetitions) failures += 1;
    const [by] = [...first].sort((a, b) => b[1] - a[1]).map(([check]) => check);
    const atLeast = convicted === repetitions ? 0.05 ** (1 / repetitions) : Number.NaN;
    say(
      `| ${name} | ${convicted} of ${repetitions} | ${atLeast.toFixed(4)} | ${Math.round(draws / repetitions)} | ${by ?? 'nothing'} |`,
    );
  }
}

async function variancesPart(): Promise<void> {
  say('');
  say(
    `Sample variances of two readings and, for finite laws, of the squared error on [4, 3] at rank 2 against the exact law`,
  );
  say(
    `of each projector, told apart from ones that are off by 10 %, at a false-alarm chance of ${falseAlarm} for all together.`,
  );
  say('');
  for (const row of sampled) {
    const wrong = await checkVariances(row, { effect: 0.1, falseAlarm: falseAlarm / sampled.length }).then(
      () => null,
      (error: Error) => error.message,
    );
    if (wrong !== null) failures += 1;
    say(`- ${row.name}: ${wrong ?? 'as its law says'}`);
  }
}

const parts = {
  unbiased: { heading: '## Unbiased projectors', say: unbiasedPart },
  biased: { heading: '## Biased projectors', say: biasedPart },
  mutants: { heading: '## Mutants', say: mutantsPart },
  variances: { heading: '## Variances', say: variancesPart },
};
const asked = Object.entries(parts).filter(([name]) => values.only === undefined || values.only === name);
if (asked.length === 0) throw new Error(`--only takes one of ${Object.keys(parts).join(', ')}, not ${values.only}`);

if (values.only === undefined) {
  say('# Certification of the projectors');
  say('');
  say('Written by `npm run certify -- --write`; the checks are those of `checkProjector`, see');
  say('[decision 0008](decisions/0008-statistics-of-the-property-tests.md) for what they promise.');
}
for (const [, { heading, say: sayPart }] of asked) {
  if (lines.length > 0) say('');
  say(heading);
  await sayPart();
}

const page = 'docs/certification.md';

/** The page with what was measured in the place of its part, or, before the mutants, of a part that it lacks. */
function withPart(heading: string): string {
  const old = readFileSync(page, 'utf8').trimEnd();
  const found = old.indexOf(heading);
  const start = found < 0 ? old.indexOf(parts.mutants.heading) : found;
  const next = found < 0 ? start : old.indexOf('\n## ', found) + 1;
  const rest = next > 0 ? `\n\n${old.slice(next)}` : '';
  return `${old.slice(0, start)}${lines.join('\n')}${rest}\n`;
}

if (values.write && values.only === undefined) writeFileSync(page, `${lines.join('\n')}\n`);
else if (values.write) for (const [, { heading }] of asked) writeFileSync(page, withPart(heading));
if (failures > 0) {
  console.error(`${failures} of the lines above failed`);
  process.exitCode = 1;
}
