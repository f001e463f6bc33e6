/** Widths of characters in parts of the font size: about those of the wider of usual sans-serif fonts. */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,:;|!'’`]/, 0.34],
  [/[frt()[\]/\- ]/, 0.42],
  [/[mwMW%@—]/, 0.95],
  [/[A-Z&=+<>~≤≥−×]/, 0.76],
];
const usual = 0.62;

interface Lettered {
  readonly fontSize?: number | undefined;
}

/** The width of a text in pixels, estimated without a font: rather too wide than cut off. */
export function textWidth({ fontSize = 11 }: Lettered, text: unknown): number {
  let width = 0;
  for (const letter of String(text ?? '')) width += widths.find(([some]) => some.test(letter))?.[1] ?? usual;
  return width * fontSize;
}
