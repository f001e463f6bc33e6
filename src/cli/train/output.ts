import type { RunPlan, RunResult } from './run';

/** The GPT that every run trains; `parameters` counts numbers, not tensors. */
export type ModelSize = Readonly<
  Record<'parameters' | 'vocabularySize' | 'context' | 'width' | 'heads' | 'layers', number>
>;

/** What `train --json` writes. Losses and entropies in nats per character. */
export interface TrainOutput {
  readonly task: { readonly data: string; readonly unigramEntropy: number; readonly bigramEntropy: number };
  readonly model: ModelSize;
  readonly runs: readonly RunResult[];
  /** The run whose model wrote the sample, and is in the file of `--save`. */
  readonly writer: RunPlan;
  readonly sample: string;
  readonly command: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
}
