import type { Entrant } from '../entrants';
import { launch, type Programs } from './launch';

/** What a participant says of itself, or why it cannot take part. */
export interface Introduction {
  readonly label: string;
  readonly module: string;
  readonly description: string;
  readonly available: boolean;
}

export async function introduce(entrant: Entrant, programs: Programs): Promise<Introduction> {
  const { label, module, settings } = entrant;
  const process = launch(entrant, programs);
  try {
    const description = await process.ask<string>({ do: 'describe', settings });
    return { label, module, description, available: true };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { label, module, description: `not measured: ${explain(reason)}`, available: false };
  } finally {
    process.end();
  }
}

/** The line of a stack trace that says what is missing. */
function explain(reason: string): string {
  const line = reason.split('\n').find((one) => /error|cannot find|no module|not found|ENOENT/i.test(one));
  return (line ?? reason.split('\n')[0] ?? '').trim();
}
