#!/usr/bin/env node
import { run } from './run';

const { stdout, stderr, env } = process;
run(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() }).then((status) => {
  process.exitCode = status;
});
