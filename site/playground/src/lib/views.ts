import type { Preset, Setting } from '../training/contract';
import type { MethodWords } from './names';

export type ViewName = Preset['view'];

/** What there is to see of these trainings. First comes the view in which the preset's claim can be seen. */
export function viewsOf(
  { task, tracks }: Setting,
  preset: Pick<Preset, 'view'> | null,
  methods: Readonly<Record<string, MethodWords>>,
): readonly ViewName[] {
  const writes = task === 'names' || task === 'moby-dick';
  const projects = tracks.some(({ method }) => methods[method]?.reads.includes('rank'));
  const all: readonly ViewName[] = [
    ...(preset ? [preset.view] : []),
    'loss',
    ...(writes ? ['text' as const] : []),
    'rank',
    ...(projects ? ['error' as const, 'spectrum' as const] : ['spectrum' as const]),
  ];
  return [...new Set(all)];
}
