import { type Loader, loader, parse, type Spec, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Figure } from '../../study/figure';
import { textWidth } from './text-width';
import { themed } from './themed';

/** A figure has its data inside; whatever names a file or an address is refused. */
const closed: Loader = {
  ...loader(),
  load: (uri) => Promise.reject(new Error(`a figure has its data inside, and this one names ${uri}`)),
};

/** What Vega-Lite and Vega warn of is an error: a warning says that something of the figure is left out. */
const strict = {
  level: () => strict,
  error: (...said: unknown[]) => refuse(said),
  warn: (...said: unknown[]) => refuse(said),
  info: () => strict,
  debug: () => strict,
};

function refuse(said: readonly unknown[]): never {
  throw new Error(said.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
}

/** The SVG of a figure. In one process two drawings of one figure may differ: Vega counts what it names. */
export async function draw(figure: Figure): Promise<string> {
  // There is no canvas here to measure text with, and one that happens to be installed must not change the figure.
  textMetrics.width = textWidth;
  const { spec: vega } = compile(figure.spec as unknown as TopLevelSpec, { logger: strict });
  const view = new View(parse(vega as Spec, undefined, { ast: false }), {
    renderer: 'none',
    loader: closed,
    logger: strict,
  });
  try {
    return themed(await view.toSVG(), figure);
  } finally {
    view.finalize();
  }
}
