import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { philox } from '../../src/base/philox';
import type { Params, Tensor } from '../../src/index';
import { loadCheckpoint } from '../../src/node';

let work = '';
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'floragrad-kills-'));
  await build({
    entryPoints: ['test/integration/saving-process.ts'],
    outfile: join(work, 'saving.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Let a process save until it has saved once and `delay` ms have passed, and kill it; what it said. */
async function killed(folder: string, delay: number): Promise<{ begun: number; saved: number }> {
  const child = spawn(process.execPath, [...process.execArgv, join(work, 'saving.mjs'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let armed = false;
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part;
    if (armed || !said.includes('saved')) return;
    armed = true;
    setTimeout(() => child.kill('SIGKILL'), delay);
  });
  const signal = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
  expect(signal).toBe('SIGKILL');
  const last = (word: string): number => Number([...said.matchAll(new RegExp(`${word} (\\d+)\n`, 'g'))].at(-1)?.[1]);
  return { begun: last('begun'), saved: last('saved') };
}

const everywhere = (x: Tensor | undefined, value: number): boolean =>
  (x?.dataSync() as Float32Array | undefined)?.every((each) => each === value) === true;

/** `KILLS=50 npx vitest run test/integration/kills.test.ts` is the long form, which CI runs. */
const kills = Number(process.env.KILLS ?? 12);

it(`${kills} kills at random moments never lose a checkpoint that was saved`, async () => {
  const folder = join(work, 'checkpoint');
  const words = new Uint32Array(4);
  let [inTheMiddle, leftOver] = [0, 0];
  for (let kill = 0; kill < kills; kill++) {
    philox([kill, 9], 0, 0, 0, 0, words);
    const { begun, saved } = await killed(folder, ((words[0] as number) % 3000) / 100);
    const { parameters, state, steps, position } = await loadCheckpoint<{ mean: Tensor }>(folder);
    expect(steps === saved || steps === begun, `${steps} of ${saved} saved and ${begun} begun`).toBe(true);
    expect(position).toEqual([steps]);
    expect(Object.values(parameters as Params).every((x) => everywhere(x, steps))).toBe(true);
    expect(everywhere(state.mean, -steps)).toBe(true);
    if (begun > saved) inTheMiddle++;
    if (readdirSync(folder).length > 3) leftOver++;
  }
  // The kills did come in the middle of saves, some between the first and the last file.
  expect(inTheMiddle).toBeGreaterThan(kills / 4);
  expect(leftOver).toBeGreaterThan(0);
  console.info(
    `${kills} kills: ${inTheMiddle} during a save, ${leftOver} of them with files of two checkpoints in the folder`,
  );
}, 180_000);
