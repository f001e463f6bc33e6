import type { OptionsOf, Specification, ValuesOf } from '../../base/options';
import { backend } from '../../index';
import type { Pause, Question } from '../../study';
import { breathe } from '../breathe';
import { type Command, command } from '../command';
import { threads } from '../common-options';
import { checkFiguresFolder, recordOf, writeFigures } from '../figures/folder';
import { reportIfEnded } from '../figures/partial';
import { renderFigures } from '../figures/render';
import { namedPath } from '../files';
import { wrapped } from '../help';
import { type CommandOptions, option } from '../options';
import { backendLine, count } from '../terminal/format';
import { type Progress, progress } from '../terminal/progress';
import { showResults } from '../terminal/table';
import { words } from '../values';
import { cellsOf } from './cells';
import { projectorHelp } from './projectors';
import { partialReport, reportOf } from './report';
import { spelled } from './words';

/** The command of a question: all that it says and takes is the question's own. */
export function ask<S extends Specification, Row>(question: Question<S, Row>, notes = ''): Command<CommandOptions> {
  const { spec } = question;
  const { name, asks, about, example } = spec;
  const { options, check, values } = spelled(spec.options, spec.usual);
  const projects = 'projectors' in spec.options || 'projector' in spec.options;
  return command({
    name: `study ${name}`,
    summary: asks,
    purpose: asks,
    about: wrapped(about.replaceAll('\n', ' '), 100).join('\n'),
    notes: [...(projects ? [`Projectors\n${projectorHelp}`] : []), `Example\n  ${example}`, notes]
      .join('\n\n')
      .trimEnd(),
    options: {
      ...options,
      report: { ...option(words, 'FILE', 'write a page with the figures, one HTML file'), output: true },
      figures: {
        ...option(words, 'FOLDER', 'write each figure as SVG and as Vega-Lite, and the rows as CSV and JSON'),
        incidental: true,
      },
      threads,
    },
    async check(settings, { cwd }) {
      const read = check(settings, cwd);
      const folder = namedPath('figures', settings.figures, cwd);
      if (folder) await checkFiguresFolder(folder.path);
      return { read, written: folder ? [folder] : [] };
    },
    async run(settings, { out, cwd, files, numbers: command }) {
      const { dim } = out.paint;
      const { seed } = settings;
      const read = (await values(settings, cwd)) as OptionsOf<S> & ValuesOf<S>;
      const total = spec.count(read);
      question.rows(read); // refuses what it cannot take, before anything is said
      out.line(dim('study'), `    ${count(total)} ${total === 1 ? 'row' : 'rows'}, seed ${seed}`);
      out.line(dim('backend'), `  ${backendLine(backend().describe())}`);
      const rows: Row[] = [];
      const file = files.report;
      const off = file && reportIfEnded(file, out, () => partialReport(spec, { rows, command }, total));
      const seconds = await answerInto(rows, (pause) => question.rows(read, pause), progress(out, 'row', total));
      out.line();
      const { columns, lines } = spec.table(rows);
      const notes = spec.reading(rows).flatMap((sentence) => wrapped(sentence, 120));
      showResults(out, cellsOf(columns), lines, notes);
      const verdict = spec.verdict?.(rows);
      if (verdict !== undefined) out.line(verdict);

      const found = { question: name, command, seed, rows: rows as readonly object[] };
      const figures = spec.figures(rows);
      const folder = namedPath('figures', settings.figures, cwd)?.path;
      // Once for both, since the page and the folder show the same drawings; and not before the numbers are written.
      let drawn: Promise<readonly string[]> | undefined;
      const svgs = (): Promise<readonly string[]> => {
        drawn ??= renderFigures(figures).finally(off ?? undefined);
        return drawn;
      };
      return {
        numbers: recordOf(found),
        report: { shows: 'the figures', page: async () => reportOf(spec, { rows, command }, await svgs()) },
        ...(folder && {
          more: async () => {
            await writeFigures(folder, { ...found, figures, svgs: await svgs(), timings: { seconds } });
            return [['Figures: ', out.paint.cyan(folder)]];
          },
        }),
      };
    },
  });
}

/** Add the rows as they are found, while something says how far it is. @returns seconds for each */
async function answerInto<Row>(
  rows: Row[],
  answer: (pause: Pause) => AsyncIterable<Row>,
  shown: Progress,
): Promise<number[]> {
  const seconds: number[] = [];
  let [last, start] = ['', performance.now()];
  const pause = pulse((text) => {
    last = text;
    shown.update(rows.length, text);
  });
  try {
    for await (const row of answer(pause)) {
      rows.push(row);
      seconds.push((performance.now() - start) / 1000);
      shown.update(rows.length, last);
      await breathe();
      start = performance.now();
    }
  } finally {
    shown.stop();
  }
  return seconds;
}

/** Let signals and timers run now and then, with a word about how far it is: computing alone never would. */
function pulse(say: (text: string) => void): (text: string) => Promise<void> | undefined {
  let last = performance.now();
  return (text) => {
    if (performance.now() - last < 50) return;
    last = performance.now();
    say(text);
    return breathe();
  };
}
