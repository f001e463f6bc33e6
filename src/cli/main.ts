#!/usr/bin/env node
import { run } from './run';

const { stdout, stderr, env } = process;
// A reader that has seen enough, such as `head`, is no error.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
run(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() }).then((status) => {
  process.exitCode = status;
});
