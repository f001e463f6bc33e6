import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from '../cases/case';
import type { Measurement } from '../contestant';
import type { Entrant } from '../entrants';
import { writeArrays } from './array-file';
import type { ContestantProcess } from './contestant-process';
import { launch, type Programs } from './launch';

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Time of one contestant in one round. */
  readonly seconds: number;
}

/** What one contestant did in one case. */
export interface Standing {
  readonly label: string;
  /** Another JavaScript library. */
  readonly peer: boolean;
  /** Seconds of one run, for each round: the median of that round's samples. */
  readonly seconds: readonly number[];
  /** Largest difference of its outcome from the first contestant's, relative to the largest number in that. */
  readonly difference: number;
  /** Largest resident set of its process. */
  readonly residentBytes: number | null;
  /** What its own allocator held at the peak of one run. */
  readonly heapBytes: number | null;
}

export interface Result {
  readonly group: string;
  readonly name: string;
  readonly effort: Effort;
  readonly standings: readonly Standing[];
  /** Contestants that did not finish, and why. */
  readonly failures: readonly { readonly label: string; readonly reason: string }[];
}

/** A contestant that needs longer for one run is measured in one round alone. */
const patience = 5;

interface Runner {
  readonly entrant: Entrant;
  readonly process: ContestantProcess;
  readonly seconds: number[];
  outcome: readonly number[];
  difference: number;
}

/**
 * One case: all contestants prepare it, their outcomes are compared, and then they are measured in rounds, one process
 * at a time, each round in another order. So a slow minute of the machine is everybody's.
 */
export async function contest(
  { group, name, task, arrays, entrants, tolerance, repeats = 1 }: Case,
  programs: Programs,
  effort: Effort,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'floragrad-bench-'));
  const path = join(directory, 'case');
  writeArrays(path, task, arrays());
  let runners: Runner[] = [];
  const failures: { label: string; reason: string }[] = [];

  /** Ask everyone who is still in the race; who fails leaves it. */
  async function each(order: readonly Runner[], ask: (runner: Runner) => Promise<void>): Promise<void> {
    for (const runner of order) {
      try {
        await ask(runner);
      } catch (error) {
        failures.push({ label: runner.entrant.label, reason: error instanceof Error ? error.message : String(error) });
        runner.process.end();
        runners = runners.filter((other) => other !== runner);
      }
    }
  }

  try {
    for (const entrant of entrants)
      runners.push({ entrant, process: launch(entrant, programs), seconds: [], outcome: [], difference: 0 });
    await each(runners, async ({ process, entrant: { settings } }) => {
      await process.ask({ do: 'prepare', path, settings });
    });
    await each(runners, async (runner) => {
      runner.outcome = await runner.process.ask({ do: 'outcome' });
      runner.difference = relativeDifference(runner.outcome, runners[0]?.outcome ?? []);
      if (!(runner.difference <= tolerance))
        throw new Error(`its outcome differs by ${runner.difference.toExponential(1)}, more than ${tolerance}`);
    });
    const measure = async (runner: Runner): Promise<number> => {
      const { seconds } = await runner.process.ask<Measurement>({ do: 'measure', seconds: effort.seconds });
      return seconds / repeats;
    };
    await each(runners, async (runner) => {
      const warmUp = await measure(runner);
      if (warmUp * repeats > patience) runner.seconds.push(warmUp);
    });
    const once = new Set(runners.filter(({ seconds }) => seconds.length > 0));
    for (let round = 0; round < effort.rounds; round++) {
      const racing = runners.filter((runner) => !once.has(runner));
      const first = round % Math.max(1, racing.length);
      await each([...racing.slice(first), ...racing.slice(0, first)], async (runner) => {
        runner.seconds.push(await measure(runner));
      });
    }
    const standings: Standing[] = [];
    await each(runners, async ({ entrant: { label, module }, process, seconds, difference }) => {
      const residentBytes = process.peakResidentBytes();
      const heapBytes = await process.ask<number | null>({ do: 'peakBytes' });
      standings.push({
        label,
        peer: module.endsWith('.mjs') && module.startsWith('bench/peers/'),
        seconds,
        difference,
        residentBytes,
        heapBytes,
      });
    });
    return { group, name, effort, standings, failures };
  } finally {
    for (const { process } of runners) process.end();
    rmSync(directory, { recursive: true });
  }
}

/** max |x − y|/max |y|, over the elements that both have. */
export function relativeDifference(xs: readonly number[], ys: readonly number[]): number {
  if (Math.min(xs.length, ys.length) === 0) return Number.NaN;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < Math.min(xs.length, ys.length); i++) {
    difference = Math.max(difference, Math.abs((xs[i] as number) - (ys[i] as number)));
    scale = Math.max(scale, Math.abs(ys[i] as number));
    if (Number.isNaN(xs[i])) return Number.NaN;
  }
  return difference / scale;
}
