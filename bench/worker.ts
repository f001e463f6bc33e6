import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Contestant, Measurement, Prepared, Request, Task } from './contestant';
import { readArrays } from './harness/array-file';
import { measure } from './harness/measure';

// The process of one contestant: `node worker.mjs MODULE`, then requests on standard input, a reply to each on
// standard output. Whatever a library prints goes to standard error.

console.log = console.error;
console.info = console.error;
const contestant = (await import(pathToFileURL(process.argv[2] as string).href)) as Contestant;
let prepared: Prepared | null = null;

function ready(): Prepared {
  if (prepared) return prepared;
  throw new Error('nothing is prepared');
}

/** At most 1000 of the numbers, evenly spaced: the reply is a line of JSON. */
function sampled(numbers: Float32Array | readonly number[]): number[] {
  const length = Math.min(numbers.length, 1000);
  return Array.from({ length }, (_, i) => numbers[Math.floor((i * numbers.length) / length)] as number);
}

async function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case 'describe':
      return contestant.describe(request.settings);
    case 'prepare': {
      const { task, arrays } = readArrays(request.path);
      const prepare = contestant.prepare[task.kind] as
        | ((...all: unknown[]) => Prepared | Promise<Prepared>)
        | undefined;
      if (!prepare) throw new Error(`${process.argv[2]} has no ${task.kind satisfies Task['kind']}`);
      prepared = await prepare(task, arrays, request.settings);
      return null;
    }
    case 'outcome':
      return sampled(await ready().outcome());
    case 'measure':
      return (await measure(() => ready().run(), request.seconds)) satisfies Measurement;
    case 'peakBytes':
      return ready().peakBytes?.() ?? null;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply: { value: unknown } | { error: string };
  try {
    reply = { value: await answer(JSON.parse(line) as Request) };
  } catch (error) {
    reply = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
