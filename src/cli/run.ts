import { OptionError } from '../index';
import { closest } from './closest';
import type { RunnableCommand } from './command';
import { finetune } from './finetune/finetune';
import { generate } from './generate/generate';
import { info, version } from './info/info';
import { myTurn } from './ranks/turn';
import { study } from './study/study';
import type { Io } from './terminal/io';
import { visible } from './terminal/visible';
import { train } from './train/train';

const commands: readonly RunnableCommand[] = [train, finetune, generate, study, info];
const names = commands.map(({ name }) => name);

const help = `floragrad: train with compressed gradients, and see what compression does

Usage
  floragrad COMMAND [options]

Commands
${commands.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

Every command takes --help, --seed N and --json FILE.

Start here, with nothing but this package
  floragrad study --shape 64x128 --rank 4,16
  floragrad train --data names --preset quick --steps 50
`;

/** Run one command line; the exit status: 0, 1 when something failed, 2 when the command line is wrong. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') io.stdout.write(help);
    else if (name === '--version') io.stdout.write(`${version()}\n`);
    else return await commandOf(name).run(rest, io);
    return name === undefined ? 2 : 0;
  } catch (error) {
    const who = await myTurn(io.env);
    io.stderr.write(`floragrad: ${who}${oneLine(error, io).split('\n').map(visible).join('\n')}\n`);
    return error instanceof OptionError ? 2 : 1;
  }
}

function commandOf(name: string): RunnableCommand {
  const command = commands.find((one) => one.name === name);
  if (command) return command;
  if (name === 'bench') throw unknownCommand(name, 'npm run bench:matmul in a clone of the repository');
  const near = closest(name, names);
  throw unknownCommand(name, near ? `floragrad ${near}` : 'floragrad --help');
}

function unknownCommand(name: string, fix: string): OptionError {
  return new OptionError({
    code: 'cli/unknown-command',
    got: `floragrad got "${name}"`,
    expected: names.join(', '),
    fix,
  });
}

/** The message alone; set FLORAGRAD_DEBUG to see where an error came from. */
function oneLine(error: unknown, io: Io): string {
  if (!(error instanceof Error)) return String(error);
  return io.env.FLORAGRAD_DEBUG ? (error.stack ?? error.message) : error.message.replace(/\s*\n\s*/g, ' ');
}
