import type { DeviceName } from './rows';

/** What came of one row. */
export type Outcome =
  | Measured
  /** The device is not here, or the row was left out; why, as the end of a sentence. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** The device computed something else than it should, so nothing was timed. */
  | { readonly kind: 'wrong'; readonly reason: string };

/** In the unit of the row; larger is better. */
export interface Measured {
  readonly kind: 'measured';
  /** The median of the samples. */
  readonly median: number;
  readonly least: number;
  readonly largest: number;
  /** How many samples; 1 where nothing varies. */
  readonly samples: number;
}

/** What is known of the device before anything is measured. */
export interface About {
  /** The browser, as it describes itself. */
  readonly browser: string;
  /** Cores that the browser reports. */
  readonly cores: number;
  /** Whether the page may share memory among threads. */
  readonly isolated: boolean;
  /** The build of the kernels that runs here: 'relaxed', or 'baseline' with the reason. */
  readonly build: string;
}

/** From the worker to the page. */
export type FromWorker =
  | { readonly kind: 'about'; readonly about: About }
  | { readonly kind: 'begin'; readonly id: string }
  | { readonly kind: 'device'; readonly device: DeviceName; readonly says: string }
  | { readonly kind: 'outcome'; readonly id: string; readonly outcome: Outcome }
  | { readonly kind: 'done' };
