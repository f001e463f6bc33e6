#!/usr/bin/env node
import { constants } from 'node:os';
import { FileError } from '../index';
import { reason } from '../node/write';
import { endRanks } from './ranks/turn';
import { run } from './run';
import { end } from './terminal/ending';

const { stdout, stderr, env } = process;
stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as `head`, wants no word about it, and the status that other programs give.
  if (error.code === 'EPIPE') return void end(128 + constants.signals.SIGPIPE);
  const { message } = new FileError({
    code: 'file/write',
    got: `cannot write to standard output: ${reason(error)}`,
    expected: 'somewhere to write',
    fix: 'make room there, or send the output elsewhere',
  });
  stderr.write(`floragrad: ${message}\n`, () => void end(1));
});
stderr.on('error', () => void end(1)); // there is nowhere left to say anything
run(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() }).then((status) => {
  process.exitCode = status;
  endRanks(env, status);
});
