import { isTensor } from '../../src/tensor/tree';
import { median } from '../harness/statistics';
import { textRun } from '../reproduce/tasks/text';
import { type Contender, transformOf } from './entrants';
import type { Setting } from './setting';

/** Times of a contender's steps over those of the first one, in the same rounds. */
export interface Cost {
  /** Median over the steps without a new projection; null where each step has one. */
  readonly usual: number | null;
  /** Median over the steps with one; null where there is none. */
  readonly refresh: number | null;
}

/** Rounds in which code is still being compiled. */
const unmeasured = 5;

/**
 * One step of each contender in turn, round by round, in one process and with the same batches, so that what slows the
 * machine down slows all of them. The first one is what all are measured against.
 */
export async function stepCosts(
  contenders: readonly Contender[],
  { width, batch, refreshEvery, rounds }: Pick<Setting, 'width' | 'batch' | 'refreshEvery' | 'rounds'>,
): Promise<Cost[]> {
  const runs = await Promise.all(
    contenders.map((contender) =>
      textRun({ width, batch, seed: 0 }, transformOf(contender, { learningRate: () => 0.001, refreshEvery, seed: 0 })),
    ),
  );
  const usual = runs.map((): number[] => []);
  const refresh = runs.map((): number[] => []);
  for (let round = 1; round <= rounds; round++) {
    const times: number[] = [];
    const renewed: boolean[] = [];
    for (const { step, training } of runs) {
      const before = refreshesIn(training.state);
      const start = performance.now();
      await step(round);
      times.push(performance.now() - start);
      renewed.push(refreshesIn(training.state) !== before);
    }
    if (round <= unmeasured) continue;
    times.forEach((time, i) => {
      ((renewed[i] ? refresh : usual)[i] as number[]).push(time / (times[0] as number));
    });
  }
  const medianOf = (ratios: readonly number[] = []): number | null => (ratios.length > 0 ? median(ratios) : null);
  return runs.map((_, i) => ({ usual: medianOf(usual[i]), refresh: medianOf(refresh[i]) }));
}

/** All counts of new projections in a state, added up. */
function refreshesIn(state: unknown): number {
  if (typeof state !== 'object' || state === null || isTensor(state)) return 0;
  return Object.entries(state).reduce(
    (sum, [name, value]) => sum + (name === 'refreshes' && typeof value === 'number' ? value : refreshesIn(value)),
    0,
  );
}
