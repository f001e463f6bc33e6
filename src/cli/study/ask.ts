import type { OptionsOf, Specification, ValuesOf } from '../../base/options';
import { backend } from '../../index';
import type { Question } from '../../study';
import { breathe } from '../breathe';
import { command, type RunnableCommand } from '../command';
import { threads } from '../common-options';
import { version } from '../info/info';
import { option } from '../options';
import { backendLine, count } from '../terminal/format';
import { type Progress, progress } from '../terminal/progress';
import { showResults } from '../terminal/table';
import { words } from '../values';
import { projectorHelp } from './projectors';
import { spelled } from './words';

/** What `--json` writes: what was asked, of which version, and what came out. The same bytes for the same question. */
export interface Asked<Row> {
  readonly question: string;
  /** Without what no number depends on, such as threads. */
  readonly command: string;
  readonly seed: number;
  readonly versions: { readonly floragrad: string };
  readonly rows: readonly Row[];
}

/** The command of a question: all that it says and takes is the question's own. */
export function ask<S extends Specification, Row>(question: Question<S, Row>, notes = ''): RunnableCommand {
  const { spec } = question;
  const { name, asks, about, example } = spec;
  const { options, check, values } = spelled(spec.options, spec.usual);
  const projects = 'projectors' in spec.options || 'projector' in spec.options;
  return command({
    name: `study ${name}`,
    summary: asks,
    purpose: asks,
    about,
    notes: [...(projects ? [`Projectors\n${projectorHelp}`] : []), `Example\n  ${example}`, notes]
      .join('\n\n')
      .trimEnd(),
    options: {
      ...options,
      report: { ...option(words, 'FILE', 'write a page with the figures, one HTML file'), output: true },
      threads,
    },
    check: (settings, { cwd }) => ({ read: check(settings, cwd) }),
    async run(settings, { out, cwd, command, numbers }) {
      const { dim } = out.paint;
      const read = (await values(settings, cwd)) as OptionsOf<S> & ValuesOf<S>;
      const total = spec.count(read);
      out.line(dim('study'), `    ${count(total)} ${total === 1 ? 'row' : 'rows'}, seed ${settings.seed}`);
      out.line(dim('backend'), `  ${backendLine(backend().describe())}`);
      const rows = await answerOf(question, read, progress(out, 'row', total));
      out.line();
      const { columns, lines } = spec.table(rows);
      const cells = columns.map((column, i) => ({ ...column, cell: (line: readonly string[]) => line[i] as string }));
      showResults(out, cells, lines, spec.reading(rows));
      const versions = { floragrad: version() };
      const asked: Asked<Row> = { question: name, command: numbers, seed: settings.seed, versions, rows };
      return { numbers: asked, report: { shows: 'the figures', page: () => '' } };
    },
  });
}

/** All rows, while something says how far it is. */
async function answerOf<S extends Specification, Row>(
  question: Question<S, Row>,
  options: OptionsOf<S>,
  shown: Progress,
): Promise<Row[]> {
  const rows: Row[] = [];
  const pause = pulse((text) => shown.update(rows.length, text));
  try {
    for await (const row of question.rows(options, pause)) {
      rows.push(row);
      shown.update(rows.length, '');
      await breathe();
    }
  } finally {
    shown.stop();
  }
  return rows;
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
