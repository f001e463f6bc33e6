// What the papers claim, measured: docs/results.md.
//   npm run reproduce                       all claims, about twenty minutes on two cores; says how the page would change
//   npm run reproduce -- --only NAME        one claim, or several with commas between
//   npm run reproduce -- --slice            the quick claims, as they are: fails where the page says something else
//   npm run reproduce -- --write            and write the page, or with --only its section
//   npm run reproduce -- --workers N        processes with one thread each (default 2): the results are the same
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { optionalFile } from '../src/cli/output-file';
import { claims } from './reproduce/claims';
import { differences, pageOf, sectionOf, sectionsOf } from './reproduce/page';
import { Workers, work } from './reproduce/workers';

const path = 'docs/results.md';
const names = claims.map(({ name }) => name);

if (process.env.REPRODUCE_WORKER) work(claims);
else await main();

async function main(): Promise<void> {
  const { only, slice, write, workers: count } = optionsGiven();
  const file = write ? await optionalFile(path, process.cwd()) : null;
  const chosen = claims.filter(({ name, quick }) => only?.includes(name) ?? (!slice || quick));
  const started = performance.now();
  const made = new Map<string, string>();
  const workers = new Workers(count);
  try {
    for (const claim of chosen) {
      const start = performance.now();
      let [done, asked] = [0, 0];
      const finding = await claim.find((jobs) => {
        asked += jobs.length;
        return workers.run(claim.name, jobs, () => say(`${claim.name} ${++done} of ${asked}`));
      });
      made.set(claim.name, sectionOf(claim, finding));
      console.log(made.get(claim.name), '\n');
      say(`${claim.name} took ${seconds(start)} s`);
    }
  } finally {
    workers.stop();
  }
  say(`all took ${seconds(started)} s`);
  const page = readFileSync(path, 'utf8');
  if (file) {
    await file.write(pageOf(names, new Map([...sectionsOf(page), ...made])));
    say(`wrote ${path}`);
    return;
  }
  const found = differences(page, made, { order: names, required: only ?? names });
  if (found.length === 0) return say(`${path} says the same`);
  console.error(`${path} says something else:\n${found.join('\n')}\nMend what changed, or write the page: --write.`);
  process.exitCode = 1;

  function say(text: string): void {
    console.error(`${seconds(started).padStart(5)} s  ${text}`);
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}

function optionsGiven() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      slice: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
    },
  });
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`no claim is called ${unknown}: there are ${names.join(', ')}`);
  if (only && values.slice) throw new Error('--slice chooses the claims: leave out --only');
  if (values.slice && values.write) throw new Error('--slice compares with the page: leave out --write');
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1) throw new Error('--workers takes a whole number of at least 1');
  return { ...values, only, workers };
}
