import type { ValuesOf } from '../base/options';
import type { Communicator } from '../mpi';
import { type Machine, useMachine } from './backends';
import { everyCommand } from './common-options';
import { checkApart, type NamedPath, namedPath } from './files';
import { type CommandHelp, helpOf } from './help';
import { type CommandOptions, commandLine, parseOptions, whatCounts } from './options';
import { type OutputFile, optionalFile } from './output-file';
import { agree } from './ranks/agree';
import { threadsOf } from './ranks/cores';
import { isFirst } from './ranks/exchange';
import type { rankOptions } from './ranks/options';
import { checkAlone, checkCount, openRanks, startRanks } from './ranks/start';
import { type Io, piped, printJson, type Screen, type ScreenPart, screen, silent } from './terminal/io';

/** What one command says, takes and does; all that commands have in common is in this file. */
export interface CommandSpec<S extends CommandOptions> extends CommandHelp {
  /** In the list of commands. */
  readonly summary: string;
  readonly options: S;
  /** What holds where an option is left out, if it depends on what is given. */
  preset?(given: Partial<Settings<S>>): Partial<Settings<S>>;
  /** Refuse what can be refused before any file is tried, and name the files that are not options of their own. */
  check?(settings: Settings<S>, files: Files): OtherFiles | Promise<OtherFiles>;
  run(settings: Settings<S>, work: Work): Promise<Outcome>;
}

/** The values of a command's options, with those that every command has. */
export type Settings<S extends CommandOptions> = ValuesOf<S & typeof everyCommand>;

interface Files {
  readonly cwd: string;
  /** What the options name, to be written. */
  readonly outputs: readonly NamedPath[];
}

/** Files and folders besides the outputs that options name. None may be written that is read, or written twice. */
interface OtherFiles {
  readonly read?: readonly (NamedPath | undefined)[];
  readonly written?: readonly NamedPath[];
}

/** What a command works with. */
export interface Work {
  readonly out: Screen;
  readonly cwd: string;
  readonly env: Io['env'];
  /** The ranks that a launcher started, of which this process is one; null where none did. Only rank 0 writes. */
  readonly comm: Communicator | null;
  /** The files of the options that name one; each has been tried. Ranks that do not write have none. */
  readonly files: Readonly<Record<string, OutputFile | null>>;
  /** The command line, to repeat it. */
  readonly command: string;
  /** That which the numbers depend on: without threads and files that are written. */
  readonly numbers: string;
}

/** What came of it. */
interface Outcome {
  /** What `--json` writes. */
  readonly numbers: unknown;
  /** What `--report` writes, and what there is to see; a command without has said all that it has to say. */
  readonly report?: { readonly shows: string; page(): string | Promise<string> };
  /** What else was written: a line each. */
  readonly written?: readonly (readonly ScreenPart[])[];
  /** What else is to be written, once the numbers are: it says what it wrote, a line each. */
  more?(): Promise<readonly (readonly ScreenPart[])[]>;
}

/** Options that this file reads itself, where a command has them. */
type Common = ValuesOf<typeof everyCommand> & Machine & Partial<ValuesOf<typeof rankOptions>>;

/** A command as the list of commands has it. */
export interface RunnableCommand {
  readonly name: string;
  readonly summary: string;
  /** The exit status. */
  run(argv: readonly string[], io: Io): Promise<number>;
}

export interface Command<S extends CommandOptions> extends RunnableCommand {
  /** The settings of a command line; `null` where it asks for help. @throws OptionError */
  read(argv: readonly string[]): Settings<S> | null;
}

/**
 * A command: it reads its options or prints its help, refuses what cannot work, tries the files that it will write, does
 * its work, and writes what came of it.
 */
export function command<S extends CommandOptions>(spec: CommandSpec<S>): Command<S> {
  const { name, summary } = spec;
  const options = { ...spec.options, ...everyCommand };
  const read = (argv: readonly string[]): Settings<S> | null => parseOptions(name, options, argv, spec.preset);
  return {
    name,
    summary,
    read,
    async run(argv, io) {
      // Before all that may fail: where MPI is open, the end of one rank is the end of all.
      const comm = 'ranks' in options ? await openRanks(io.env) : null;
      const heard = comm === null ? io : isFirst(comm) ? piped(io) : silent(io);
      const settings = read(argv);
      if (settings === null) {
        heard.stdout.write(helpOf(spec, options));
        return 0;
      }
      const { json, launcher, ranks, shards, threads, ...machine } = settings as Common;
      if (comm) checkCount(ranks, comm.size);
      else if ('ranks' in options) checkAlone(io.env);
      const named = namedOutputs(options, settings);
      const outputs = named
        .map(([option, words]) => namedPath(option, words, io.cwd))
        .filter((path) => path !== undefined);
      const others = (await spec.check?.(settings, { cwd: io.cwd, outputs })) ?? {};
      await checkApart([...outputs, ...(others.written ?? [])], others.read ?? []);

      if (comm === null && launcher !== undefined && ranks !== undefined)
        return startRanks(name, argv, { ranks, launcher, shards }, io);
      const numbers = commandLine(name, whatCounts(options, argv));
      agree(comm, 'the command line', numbers);
      const files: Record<string, OutputFile | null> = {};
      for (const [option, words] of isFirst(comm) ? named : []) files[option] = await optionalFile(words, io.cwd);
      const out = screen(heard, json);
      await useMachine({ ...machine, threads: threads ?? (comm ? threadsOf(comm) : undefined) });
      const work = {
        out,
        cwd: io.cwd,
        env: io.env,
        files,
        comm,
        command: commandLine(name, comm && comm.size > 1 && !shards ? [...argv, '--shards', String(comm.size)] : argv),
        numbers,
      };
      const outcome = await spec.run(settings, work);
      if (!isFirst(comm)) return 0;
      const more = await writeOutcome(outcome, work);
      printJson(io, json, outcome.numbers);
      sayWhere(outcome, [...(outcome.written ?? []), ...more], work);
      return 0;
    },
  };
}

/** The options that name a file to be written, and the names. */
function namedOutputs(options: CommandOptions, settings: Readonly<Record<string, unknown>>): [string, string][] {
  const isOutput = (name: string): boolean => options[name]?.output === true;
  return Object.entries(settings).flatMap(([name, words]) =>
    isOutput(name) && typeof words === 'string' ? [[name, words]] : [],
  );
}

/** The numbers first: should a figure fail, they are there. */
async function writeOutcome(
  { numbers, report, more }: Outcome,
  { files }: Work,
): Promise<readonly (readonly ScreenPart[])[]> {
  await files.json?.write(`${JSON.stringify(numbers, null, 1)}\n`);
  if (report && files.report) await files.report.write(await report.page());
  return (await more?.()) ?? [];
}

/** What was written, and where. */
function sayWhere({ report }: Outcome, written: readonly (readonly ScreenPart[])[], { out, files }: Work): void {
  if (!report) return;
  out.line();
  if (files.report) out.line(`Report with ${report.shows}: `, out.paint.cyan(files.report.path));
  for (const parts of written) out.line(...parts);
  if (files.json) out.line('All numbers: ', out.paint.cyan(files.json.path));
}
