import type { Outcome, Preset, Setting, TrackSetting } from '../training/contract';

/** A verdict and its words. */
export type Verdict = NonNullable<ReturnType<Preset['judge']>>;

/** What a track is unless a preset says otherwise. */
const usual: TrackSetting = {
  method: 'none',
  learningRate: 0.03,
  rank: 2,
  refreshEvery: Infinity,
  onRefresh: 'reset',
  projector: 'gaussian',
};

/** A track, in which only what differs from the usual one is said. */
export function track(differs: Partial<TrackSetting>): TrackSetting {
  return { ...usual, ...differs };
}

/** Whether all tracks have said all there is to say. */
export function finished({ steps, tracks }: Setting, outcomes: readonly Outcome[]): boolean {
  return tracks.every((_, i) => outcomes[i]?.readings.at(-1)?.step === steps);
}

/** The loss after the last step. */
export function lastLoss(outcome: Outcome | undefined): number {
  return outcome?.readings.at(-1)?.loss ?? Number.NaN;
}

/** The mean loss of the last readings, for losses of batches. */
export function meanOfLast(outcome: Outcome | undefined, count: number): number {
  const last = (outcome?.readings ?? []).slice(-count);
  return last.reduce((total, { loss }) => total + loss / last.length, 0);
}

/** Three digits, as people read them. */
export function show(x: number): string {
  return x !== 0 && Math.abs(x) < 0.001 ? x.toExponential(1) : String(Number(x.toPrecision(3)));
}
