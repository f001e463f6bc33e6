/**
 * How a track is told apart: colours of Okabe and Ito, which stay apart for the colour-blind, and a dash of its own, so that
 * colour is never the only mark. Lighter on dark.
 */
export interface Mark {
  readonly light: string;
  readonly dark: string;
  /** Lengths of stroke and gap; none: unbroken. */
  readonly dash: readonly number[];
}

const marks: readonly [Mark, ...Mark[]] = [
  { light: '#0072b2', dark: '#56b4e9', dash: [] },
  { light: '#d55e00', dark: '#e69f00', dash: [7, 3] },
  { light: '#007a5a', dark: '#3fc79a', dash: [2, 2.5] },
  { light: '#a8497f', dark: '#e39ac6', dash: [9, 3, 2, 3] },
];

export function markOf(track: number): Mark {
  return marks[track % marks.length] ?? marks[0];
}

/** What the track is called as a colour of the style sheet: `var(--track-0)`. */
export function colourOf(track: number): string {
  return `var(--track-${track % marks.length})`;
}

/** The style sheet's part, for one theme. */
export function trackColours(theme: 'light' | 'dark'): string {
  return marks.map((mark, i) => `--track-${i}: ${mark[theme]}`).join('; ');
}
