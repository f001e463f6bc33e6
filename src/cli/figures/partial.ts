import type { Figure } from '../../study/figure';
import type { OutputFile } from '../output-file';
import { beforeEnd } from '../terminal/ending';
import type { Screen } from '../terminal/io';
import { renderFigures } from './render';

/** What there is of a report when its run is ended early. */
export interface PartialReport {
  readonly figures: readonly Figure[];
  /** The page; without a drawing where there was no time for it. */
  page(svgs: readonly (string | null)[]): string;
}

/** Milliseconds for drawing: a process that ends early has ten seconds, and the page must be written in them. */
const patience = 7000;

/**
 * Write the report of what there is so far, should the process be ended early, as by Ctrl-C. The function that comes back
 * takes it off the list. `report` may return null while there is nothing to show: then an older file stays as it is.
 */
export function reportIfEnded(
  file: OutputFile,
  out: Screen,
  report: () => PartialReport | null,
  draw = renderFigures,
): () => void {
  return beforeEnd(async () => {
    try {
      const partial = report();
      if (partial === null) return;
      const { figures } = partial;
      const svgs = await inTime(draw(figures));
      await file.writeAtEnd(partial.page(svgs ?? figures.map(() => null)));
      out.line(out.paint.dim('report'), `  ${file.path}, of what there is so far`);
    } catch (error) {
      out.line(error instanceof Error ? error.message : String(error));
    }
  });
}

async function inTime<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
