/** A colour and a symbol for each curve of a panel: either alone tells them apart. */
export const colours = ['#1f6fb4', '#c8501e', '#2b8a57', '#8a4fb0', '#a97c00', '#c23b78', '#20858c', '#6d6a66'];
export const shapes = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
  'triangle-right',
  'triangle-left',
];
export const [ground, quiet] = ['#fdfdfc', '#5b6562'] as const;
const [ink, rule] = ['#1d2321', '#d9dedb'] as const;

/** The plot is that large, in pixels. With its axis a figure is some 490 wide: at the 358 of a phone, text is 10 high. */
export const [width, tall, low] = [410, 290, 210] as const;
export const labelSize = 14;

/** Fonts and colours of every figure. */
export const figureLook: Readonly<Record<string, unknown>> = {
  background: ground,
  padding: 8,
  config: {
    font: 'system-ui, sans-serif',
    aria: false,
    view: { stroke: null },
    title: { anchor: 'start', frame: 'group', fontSize: 16, fontWeight: 600, color: ink, offset: 12 },
    axis: {
      labelFontSize: labelSize,
      titleFontSize: labelSize,
      titleFontWeight: 'normal',
      labelColor: quiet,
      titleColor: quiet,
      gridColor: rule,
      domainColor: quiet,
      tickColor: quiet,
      titlePadding: 8,
    },
    legend: {
      labelFontSize: labelSize,
      labelColor: ink,
      labelLimit: 0,
      columnPadding: 14,
      symbolSize: 90,
      symbolOpacity: 1,
      offset: 10,
    },
  },
};

/** A text as lines of at most `most` characters, broken between words. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
