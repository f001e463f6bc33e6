import type { RunResult } from './train-run';

/** The GPT that every run trains; `parameters` counts numbers, not tensors. */
export type ModelSize = Readonly<
  Record<'parameters' | 'vocabularySize' | 'context' | 'width' | 'heads' | 'layers', number>
>;

/** What `train --json` writes. Losses and entropies in nats per character. */
export interface TrainOutput {
  readonly task: { readonly data: string; readonly unigramEntropy: number; readonly bigramEntropy: number };
  readonly model: ModelSize;
  readonly runs: readonly RunResult[];
  /** Text written by the last model. */
  readonly sample: string;
  readonly command: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
}
