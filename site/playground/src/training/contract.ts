/** What a run does on its way, and what a visitor can ask for. Plain data, so that all of it crosses to a Worker. */

/** What is learned. */
export type TaskName = 'linear' | 'spiral' | 'names' | 'moby-dick';

/** What computes. `wasm` is the baseline build of the kernels: the same bits on every machine, in Node too. */
export type BackendName = 'wasm' | 'webgpu' | 'webgl2';

/** One training beside others: all of a method that a visitor chooses. Settings that a method does not have stay unread. */
export interface TrackSetting {
  /** A row of `methods.ts`. */
  readonly method: string;
  readonly learningRate: number;
  /** Rows of the projection, or the rank of the adapter. */
  readonly rank: number;
  /** Steps between new projections, or of one stage of an adapter; Infinity for never. */
  readonly refreshEvery: number;
  /** What becomes of the momentum at a new projection. */
  readonly onRefresh: 'transfer' | 'reset' | 'keep';
  /** A name in `projectors` of the library. */
  readonly projector: string;
}

/** Everything that a picture on the page depends on. The address holds exactly this. */
export interface Setting {
  readonly task: TaskName;
  readonly seed: number;
  readonly steps: number;
  readonly backend: BackendName;
  /** One to four. */
  readonly tracks: readonly TrackSetting[];
}

/** What one step says. */
export interface Reading {
  /** Steps done, from 1; 0 is before the first. */
  readonly step: number;
  /** The loss that the task reports (for the linear teacher ‖W − W*‖²/‖W*‖²). */
  readonly loss: number;
}

/** What is looked at every few steps, of one watched weight matrix. */
export interface Look {
  /** Steps done, from 0: the first look is before the first step. */
  readonly step: number;
  /** Singular values of the gradient G, falling. */
  readonly gradient: readonly number[];
  /** Singular values of what the method lets through of G: up(down(G)), or the projection of an adapter. Empty: all of it. */
  readonly survived: readonly number[];
  /** Rank of W − W₀: singular values above what rounding makes. */
  readonly updateRank: number;
  /** ‖(1/n)·Σ Ĝᵢ − G‖²/‖G‖² over n fresh draws for one fixed gradient, and what theory says of it; null: nothing is drawn (yet). */
  readonly error: { readonly draws: number; readonly measured: number; readonly theory: number } | null;
}

/** Before the first step. */
export interface Start {
  /** `describe()` of the backend in one line, for people. */
  readonly backend: string;
  /** Bytes of the optimizer's state after the first step. */
  readonly stateBytes: number;
  /** Numbers that are trained. */
  readonly trained: number;
  /** Path and shape of the weight that is looked at. */
  readonly watched: { readonly path: string; readonly shape: readonly [number, number] };
}

/** From a track to the page. Many readings at a time, at most ten messages a second. */
export type FromTrack =
  | { readonly kind: 'start'; readonly start: Start }
  | { readonly kind: 'readings'; readonly readings: readonly Reading[]; readonly looks: readonly Look[] }
  | { readonly kind: 'text'; readonly step: number; readonly text: string }
  | { readonly kind: 'done'; readonly step: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** From the page to a track. A worker begins paused; `step` takes one step and stays paused. */
export type ToTrack =
  | { readonly kind: 'load'; readonly setting: Setting; readonly track: number }
  | { readonly kind: 'run' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'step' };

/** All that a track has said: what a preset judges, in a page and in Node alike. */
export interface Outcome {
  readonly start: Start;
  readonly readings: readonly Reading[];
  readonly looks: readonly Look[];
  readonly texts: readonly { readonly step: number; readonly text: string }[];
}

/** A setting that shows one claim. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  /** Two sentences. */
  readonly claim: string;
  /** LaTeX. */
  readonly formula: string;
  readonly setting: Setting;
  /** Names of the tracks, as the legend has them. */
  readonly names: readonly string[];
  /** What the page shows first: the view in which the claim can be seen. */
  readonly view: 'loss' | 'spectrum' | 'rank' | 'error' | 'text' | 'difference';
  /** Whether the numbers say what the claim says, and in which words; null: too early to tell. */
  judge(outcomes: readonly Outcome[]): { readonly holds: boolean; readonly says: string } | null;
  /** Levels that the claim speaks of, as lines across the losses: the floor of a rank. Empty until they are known. */
  lines?(outcomes: readonly Outcome[]): readonly { readonly name: string; readonly loss: number }[];
}
