import { OptionError } from '../index';
import { closest } from './closest';
import { finetune } from './finetune/finetune';
import { info, version } from './info/info';
import { study } from './study/study';
import type { Io } from './terminal/io';
import { visible } from './terminal/visible';
import { train } from './train/train';

interface Command {
  readonly summary: string;
  run(argv: readonly string[], io: Io): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  train: { summary: 'teach a small GPT with several optimizers and compare them', run: train },
  finetune: { summary: 'teach a saved model another text, and compare adapters', run: finetune },
  study: { summary: 'measure the error of gradient projections against theory', run: study },
  info: { summary: 'what runs here: backend, versions, data', run: info },
};

const help = `floragrad: train with compressed gradients, and see what compression does

Usage
  floragrad COMMAND [options]

Commands
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join('\n')}

Every command takes --help, --seed N and --json FILE.

Start here, with nothing but this package
  floragrad study --shape 64x128 --rank 4,16
  floragrad train --data names --preset quick --steps 100
`;

/** Run one command line; the exit status: 0, 1 when something failed, 2 when the command line is wrong. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') io.stdout.write(help);
    else if (name === '--version') io.stdout.write(`${version()}\n`);
    else await commandOf(name).run(rest, io);
    return name === undefined ? 2 : 0;
  } catch (error) {
    io.stderr.write(`floragrad: ${oneLine(error, io).split('\n').map(visible).join('\n')}\n`);
    return error instanceof OptionError ? 2 : 1;
  }
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command;
  if (name === 'bench') throw unknownCommand(name, 'npm run bench:matmul in a clone of the repository');
  const near = closest(name, Object.keys(commands));
  throw unknownCommand(name, near ? `floragrad ${near}` : 'floragrad --help');
}

function unknownCommand(name: string, fix: string): OptionError {
  return new OptionError({
    code: 'cli/unknown-command',
    got: `floragrad got "${name}"`,
    expected: Object.keys(commands).join(', '),
    fix,
  });
}

/** The message alone; set FLORAGRAD_DEBUG to see where an error came from. */
function oneLine(error: unknown, io: Io): string {
  if (!(error instanceof Error)) return String(error);
  return io.env.FLORAGRAD_DEBUG ? (error.stack ?? error.message) : error.message.replace(/\s*\n\s*/g, ' ');
}
