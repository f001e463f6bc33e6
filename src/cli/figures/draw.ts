import { type Loader, type LoggerInterface, loader, parse, type Spec, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Figure } from '../../study/figure';
import { textWidth } from './text-width';
import { themed } from './themed';

/** A figure has its data inside; whatever names a file or an address is refused. */
const closed: Loader = {
  ...loader(),
  load: (uri) => Promise.reject(new Error(`a figure has its data inside, and this one names ${uri}`)),
};

/**
 * The SVG of a figure. What Vega-Lite or Vega warn of is an error, since a warning says that something is left out. In one
 * process two drawings of one figure may differ: Vega counts what it names.
 */
export async function draw(figure: Figure): Promise<string> {
  // There is no canvas here to measure text with, and one that happens to be installed must not change the figure.
  textMetrics.width = textWidth;
  const complaints: unknown[] = [];
  const logger = loggerInto(complaints);
  const { spec } = compile(figure.spec as unknown as TopLevelSpec, { logger });
  const view = new View(parse(spec as Spec), { renderer: 'none', loader: closed, logger });
  try {
    const svg = await view.toSVG();
    if (complaints.length > 0) throw new Error(complaints.map(inWords).join(' '));
    return themed(svg, figure);
  } finally {
    view.finalize();
  }
}

const inWords = (said: unknown): string => (said instanceof Error ? said.message : String(said));

function loggerInto(complaints: unknown[]): LoggerInterface {
  function level(_: number): LoggerInterface;
  function level(): number;
  function level(value?: number): LoggerInterface | number {
    return value === undefined ? 0 : logger;
  }
  const note = (...said: readonly unknown[]): LoggerInterface => {
    complaints.push(...said);
    return logger;
  };
  const logger: LoggerInterface = { level, error: note, warn: note, info: () => logger, debug: () => logger };
  return logger;
}
