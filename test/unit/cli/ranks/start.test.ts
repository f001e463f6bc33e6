import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startRanks } from '../../../../src/cli/ranks/start';
import { workFolder } from '../captured';

const cwd = workFolder();

/** A launcher that does this and starts nothing; what came of it. */
async function launched(script: string, then?: () => Promise<unknown>) {
  const launcher = join(cwd, 'launcher');
  writeFileSync(launcher, `#!/bin/sh\n${script}\n`);
  chmodSync(launcher, 0o755);
  let said = '';
  const stderr = { write: (text: string) => (said += text) };
  const io = { stdout: stderr, stderr, cwd, env: {} };
  const started = startRanks('train', [], { ranks: 2, launcher }, io);
  await then?.();
  return { status: await started, said };
}

it.each([
  [0, 'floragrad: a rank has spoken'],
  [1, 'floragrad: a rank has spoken'],
  [2, 'floragrad: a rank has spoken'],
  [141, ''], // who reads has seen enough
  [9, 'floragrad: a rank ended early'],
])('status %i of the launcher is handed on, with the words "%s"', async (code, words) => {
  const spoken = words.endsWith('spoken') ? `echo ${words} >&2;` : '';
  const { status, said } = await launched(`${spoken} exit ${code}`);
  expect(status).toBe(code);
  expect(said.slice(0, words.length || undefined)).toBe(words);
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s goes on to the launcher, and its own status does not count', async (signal, expected) => {
  const ready = join(cwd, signal);
  const script = `trap 'touch ${ready}-heard; exit 2' ${signal.slice(3)}; touch ${ready}; for i in $(seq 100); do sleep 0.02; done`;
  const { status, said } = await launched(script, async () => {
    while (!existsSync(ready)) await sleep(5);
    // Others that listen in this process would end it.
    const listener = process.listeners(signal).at(-1) as NodeJS.SignalsListener;
    listener(signal);
  });
  expect([status, said, existsSync(`${ready}-heard`)]).toEqual([expected, '', true]);
});
