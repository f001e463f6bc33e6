import { adapterReplays } from '../../test/methods/adapter-replays';
import { followedOf, recordedTable } from '../reproduce/recorded';
import type { Ask } from './jobs';

/** Every recorded case of the programs of the authors, and how it is followed. */
export async function recordedSection(ask: Ask): Promise<string[]> {
  const rows = await ask(
    'recorded',
    adapterReplays.map((_, at) => ({ at })),
  );
  return [
    `Cases that the authors' own programs gave, and PEFT (\`test/golden/adapters\`), followed through the public functions: ${followedOf(rows)} of ${rows.length}. The difference`,
    'is the largest of any element in the comparison that is worst for what is allowed; the bound is what float32 storage allows there',
    '(`test/methods/adapter-replay.ts`). The rest is not followed, for the reason that is said.',
    '',
    ...(rows.length > 0 ? recordedTable(rows, 'case') : []),
  ];
}

/** What the tables do not say. */
export function limitsSection(): string[] {
  return [
    '- One small model, one text and two shifts of it: which method is best elsewhere is not in these tables. Differences of a method between the',
    '  two tasks say more than its place in one.',
    '- Both shifts are made, so that it is known whether the rank limits; a shift as they come, such as from Moby-Dick to speeches, is neither.',
    '- Runs are short. A method that needs long training to pay for its start, for stages or for a rank that it must first find is at a loss.',
    '- Every method has its own rate, and nothing else is tuned: other options are those of the row of the command. A rate at an edge may not be the best.',
    '- Rows are not equal in numbers trained or in bytes, which the tables have, nor in time, which they do not have.',
    '- Methods of pruned models start from a worse loss than the others: hold them against each other.',
    '- `full` and what compresses its gradients train embeddings, norms and head as well, which no adapter here does.',
    '- Five seeds: of twenty methods that are as good as LoRA, the 95 % interval of one leaves 0 out by chance.',
  ];
}
