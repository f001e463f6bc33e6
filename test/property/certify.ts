import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { usualInstances } from '../../src/compress/projectors/projectors';
import { compressedDimension, random } from '../../src/index';
import { checkProjector } from '../../src/study';
import { mutants } from './mutants';
import { checkVariances, sampled } from './variances';

// The long statistical runs behind docs/certification.md:
//   npm run certify                            as in the document: some minutes
//   npm run certify -- --repetitions 200       fewer repetitions of the mutants
//   npm run certify -- --write                 write the document

const { values } = parseArgs({
  options: { repetitions: { type: 'string', default: '3000' }, write: { type: 'boolean', default: false } },
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

/** Those of the library whose theory says so. */
const example = { values: random.normal(random.key(0), [6, 16]).dataSync(), shape: [6, 16] as const };
const unbiased = Object.entries(usualInstances()).filter(([, projector]) => {
  const given = { ...example, side: projector.side(example.shape) };
  return projector.theory(compressedDimension(given), 3, given).gain === 1;
});

const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  console.log(line);
};
let failures = 0;

say('# Certification of the projectors');
say('');
say('Written by `npm run certify -- --write`; the checks are those of `checkProjector`, see');
say('[decision 0008](decisions/0008-statistics-of-the-property-tests.md) for what they promise.');
say('');
say('## Unbiased projectors');
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
  const report = await checkProjector(projector, { cases, falseAlarm: falseAlarm / unbiased.length, power, effect });
  const random = report.verdicts.filter(({ check }) => check.includes('mean'));
  const most = random.reduce((a, b) => (b.statistic / b.threshold > a.statistic / a.threshold ? b : a));
  const draws = random.reduce((sum, verdict) => sum + verdict.draws, 0);
  const approximate = random.some(({ message }) => message.includes('approximate'));
  const verdict = report.passed
    ? `certified${approximate ? ', the level of its squared error is approximate' : ''}`
    : 'FAILED';
  if (!report.passed) failures += 1;
  say(`| ${label} | ${draws} | ${most.statistic.toFixed(2)} | ${most.threshold.toFixed(2)} | ${verdict} |`);
}

say('');
say('## Mutants');
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

say('');
say('## Variances');
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

if (values.write) writeFileSync('docs/certification.md', `${lines.join('\n')}\n`);
if (failures > 0) {
  console.error(`${failures} of the lines above failed`);
  process.exitCode = 1;
}
