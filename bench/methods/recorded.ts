import { followedOf, type RecordedRow, recordedTable } from '../reproduce/recorded';
import type { Ask } from './jobs';

/** Every run of the authors' programs, and how it is followed. */
export async function recordedSection(ask: Ask): Promise<string[]> {
  const rows = (await ask('recorded', [{}]))[0] as readonly RecordedRow[];
  return [
    `Runs of eight steps that the authors' own programs gave (\`test/golden/methods\`), followed through the public functions: ${followedOf(rows)} of ${rows.length}. The`,
    'difference is the largest of any weight after the step in which it is worst for what is allowed; the bound is what float32 storage',
    'allows there (`test/methods/replay.ts`). The rest is not followed, for the reason that is said.',
    '',
    ...recordedTable(rows),
  ];
}
