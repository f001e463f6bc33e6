import { count, list, number } from './words';

export type Phase = 'loading' | 'ready' | 'running' | 'paused' | 'done' | 'failed';

interface Said {
  readonly failure: { readonly message: string } | null;
  readonly outcome: { readonly readings: readonly { readonly loss: number }[] };
}

/** One sentence for those who hear the page. */
export function statusOf(
  phase: Phase,
  step: number,
  steps: number,
  tracks: readonly Said[],
  names: readonly string[],
): string {
  const failed = tracks.flatMap(({ failure }, i) => (failure ? [`${names[i]} failed: ${failure.message}`] : []));
  if (phase === 'loading') return 'The trainings are being loaded.';
  if (phase === 'ready') return ['Ready.', ...failed].join(' ');
  const losses = tracks.flatMap(({ outcome, failure }, i) => {
    const last = outcome.readings.at(-1);
    return last && !failure ? [[names[i] ?? '', number(last.loss)] as const] : [];
  });
  const where = {
    running: `Running, step ${count(step)} of ${count(steps)}.`,
    paused: `Paused at step ${count(step)} of ${count(steps)}.`,
    done: `Done, ${count(step)} steps.`,
    failed: 'Failed.',
  }[phase];
  return [where, ...(losses.length > 0 ? [`Loss: ${list(losses)}.`] : []), ...failed].join(' ');
}
