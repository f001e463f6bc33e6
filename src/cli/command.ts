import type { ValuesOf } from '../base/options';
import { type Machine, useMachine } from './backends';
import { everyCommand } from './common-options';
import { checkApart, type NamedPath, namedPath } from './files';
import { type CommandHelp, helpOf } from './help';
import { type CommandOptions, commandLine, parseOptions, whatCounts } from './options';
import { type OutputFile, optionalFile } from './output-file';
import { type Io, printJson, type Screen, type ScreenPart, screen } from './terminal/io';

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
  /** The files of the options that name one; each has been tried. */
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
type Common = ValuesOf<typeof everyCommand> & Machine;

/** A command as the list of commands has it. */
export interface RunnableCommand {
  readonly name: string;
  readonly summary: string;
  run(argv: readonly string[], io: Io): Promise<void>;
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
      const settings = read(argv);
      if (settings === null) return void io.stdout.write(helpOf(spec, options));
      const { json, ...machine } = settings as Common;
      const named = namedOutputs(options, settings);
      const outputs = named
        .map(([option, words]) => namedPath(option, words, io.cwd))
        .filter((path) => path !== undefined);
      const others = (await spec.check?.(settings, { cwd: io.cwd, outputs })) ?? {};
      await checkApart([...outputs, ...(others.written ?? [])], others.read ?? []);
      const files: Record<string, OutputFile | null> = {};
      for (const [option, words] of named) files[option] = await optionalFile(words, io.cwd);

      const out = screen(io, json);
      await useMachine(machine);
      const work = {
        out,
        cwd: io.cwd,
        env: io.env,
        files,
        command: commandLine(name, argv),
        numbers: commandLine(name, whatCounts(options, argv)),
      };
      const outcome = await spec.run(settings, work);
      const more = await writeOutcome(outcome, work);
      printJson(io, json, outcome.numbers);
      sayWhere(outcome, [...(outcome.written ?? []), ...more], work);
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
