import { markdownTable } from '../harness/markdown';
import { significant } from '../reproduce/format';
import type { Ask, RecordedRow } from './jobs';

/** Every run of the authors' programs, and how it is followed. */
export async function recordedSection(ask: Ask): Promise<string[]> {
  const rows = (await ask('recorded', [{}]))[0] as readonly RecordedRow[];
  const followed = rows.filter(({ reason }) => reason === null).length;
  return [
    `Runs of eight steps that the authors' own programs gave (\`test/golden/methods\`), followed through the public functions: ${followed} of ${rows.length}. The`,
    'difference is the largest of any weight after the step in which it is worst for what is allowed; the bound is what float32 storage',
    'allows there (`test/methods/replay.ts`). The rest is not followed, for the reason that is said.',
    '',
    ...markdownTable<RecordedRow>(
      [
        { heading: 'file', cell: ({ file }) => file },
        { heading: 'run', cell: ({ name }) => name },
        {
          heading: 'difference',
          align: 'right',
          cell: ({ reason, difference }) => (reason === null ? significant(difference) : '–'),
        },
        { heading: 'bound', align: 'right', cell: ({ reason, limit }) => (reason === null ? significant(limit) : '–') },
        { heading: 'why not', cell: ({ reason }) => reason ?? '' },
      ],
      rows,
    ),
  ];
}
