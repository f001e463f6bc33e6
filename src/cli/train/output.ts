import type { Exchange } from '../ranks/exchange';
import type { RunProfile } from '../terminal/profile-table';
import type { RunPlan } from './plan';

/** The GPT that every run trains; `parameters` counts numbers, not tensors. */
export type ModelSize = Readonly<
  Record<'parameters' | 'vocabularySize' | 'context' | 'width' | 'heads' | 'layers', number>
>;

/** What came of a run. Losses in nats per character. */
export interface RunResult extends RunPlan {
  readonly steps: number;
  /** One a step. */
  readonly trainLoss: readonly number[];
  readonly validationLoss: number;
  /** Bytes of the optimizer's state. */
  readonly stateBytes: number;
  /** Most bytes alive at once during the run. */
  readonly peakBytes: number;
  readonly tokensPerSecond: number;
  readonly seconds: number;
  /** Eight digits that say whether two runs ended with the same bits, of a run that was cut into shards. */
  readonly digest?: string;
  /** What went between its ranks. */
  readonly exchange?: Exchange;
  /** The profile that `--profile` asks for. */
  readonly profile?: RunProfile;
}

/** What `train --json` writes. Losses and entropies in nats per character. */
export interface TrainOutput {
  readonly task: { readonly data: string; readonly unigramEntropy: number; readonly bigramEntropy: number };
  readonly model: ModelSize;
  readonly runs: readonly RunResult[];
  /** The run whose model wrote the sample, and is in the file of `--save`. */
  readonly writer: RunPlan;
  readonly sample: string;
  /** How many whole words it has, and how many of them are words of the text; absent without a sample. */
  readonly words?: { readonly count: number; readonly known: number };
  readonly command: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
}
