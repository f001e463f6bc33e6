import type { Preset, Setting } from '../training/contract';
import type { MethodWords } from './names';

export type ViewName = Preset['view'];

/** A view, and whether it takes the whole width. */
export interface Placed {
  readonly view: ViewName;
  readonly wide: boolean;
}

/** What there is to see of these trainings, in order. First comes the view in which the preset's claim can be seen. */
export function viewsOf(
  { task, tracks }: Setting,
  preset: Pick<Preset, 'view'> | null,
  methods: Readonly<Record<string, MethodWords>>,
  /** Whether some track has drawn projections. */
  drew: boolean,
): readonly Placed[] {
  const writes = task === 'names' || task === 'moby-dick';
  // Those that carry something over a refresh surely draw; of others it is known when they did.
  const draws = drew || tracks.some(({ method }) => methods[method]?.reads.includes('onRefresh'));
  const all: readonly ViewName[] = [
    ...(preset ? [preset.view] : []),
    'loss',
    ...(writes ? ['text' as const] : []),
    'rank',
    ...(draws ? ['error' as const] : []),
    'spectrum',
  ];
  const views = [...new Set(all)];
  const alone = (view: ViewName, place: number) => place === 0 || view === 'text' || view === 'spectrum';
  // The others stand in pairs. Where one is left over, the first of them is wide: no hole.
  const paired = views.filter((view, place) => !alone(view, place));
  const leftOver = paired.length % 2 === 1 ? paired[0] : undefined;
  return views.map((view, place) => ({ view, wide: alone(view, place) || view === leftOver }));
}
