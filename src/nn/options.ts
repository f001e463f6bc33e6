import { keyKind } from '../base/key';
import { number, optional, required, whole } from '../base/options';

// Options that several layers have, each with the text that an editor shows.

/** Extents and counts of a layer. */
export const extent = whole({ low: 1 });

/** A standard deviation. */
export const deviation = number({ low: 0 });

/** The option that every layer with random first values needs. */
export const keyOption = {
  /** What the first values are drawn from. */
  key: required(keyKind),
};

/** The option of layers that zero elements. */
export const dropoutOption = {
  /** Probability of zeroing an element, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
};
