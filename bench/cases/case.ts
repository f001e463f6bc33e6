import type { Arrays, Task } from '../contestant';
import type { Entrant } from '../entrants';

/** One line of the benchmark: a task, who takes part, and what they must agree on. */
export interface Case {
  /** What `--only` selects, and the heading that it stands under. */
  readonly group: string;
  readonly name: string;
  readonly task: Task;
  /** The operands; made once, read by all. */
  arrays(): Arrays;
  /** The first is ours; ratios are relative to it. */
  readonly entrants: readonly Entrant[];
  /** Largest difference of an outcome from the first contestant's, relative to the largest number in that. */
  readonly tolerance: number;
  /** Work of one run, for a rate: floating-point operations, elements, … */
  readonly work?: { readonly amount: number; readonly unit: string };
  /** Runs that one call stands for (default 1): times are those of one of them. */
  readonly repeats?: number;
  /** Also say how much memory each process took. */
  readonly memory?: boolean;
  /** Said under the table. */
  readonly note?: string;
}
