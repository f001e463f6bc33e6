// The site: `npm run site` builds all of it into site/dist, `npm run site -- playground` one part.
//   --base /floragrad/   the path that it will be served from (default /)
// Parts: annotate (the source as prose beside code), playground (the page that trains), device (the one that measures the
// visitor's), pages (guides and reference, last: it checks the links into the others).
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const site = fileURLToPath(new URL('.', import.meta.url));
const parts = ['annotate', 'playground', 'device', 'pages'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { base: { type: 'string', default: '/' } },
});
const unknown = positionals.find((part) => !parts.includes(part));
if (unknown !== undefined) stop(`there is no part ${unknown}: choose among ${parts.join(', ')}`);
if (!/^\/([\w.-]+\/)*$/.test(values.base)) stop(`--base ${values.base} has to begin and end with a slash`);

const started = Date.now();
if (!existsSync(`${site}../dist/index.js`)) stop('the package is not built: run npm ci in the root of the clone first');
if (!existsSync(`${site}node_modules/.package-lock.json`)) run('npm', ['ci', '--no-audit', '--no-fund']);
const chosen = positionals.length > 0 ? positionals : parts;
if (chosen.length === parts.length) rmSync(`${site}dist`, { recursive: true, force: true });
for (const part of parts.filter((part) => chosen.includes(part))) {
  const start = Date.now();
  run('npm', ['run', '--silent', `build:${part}`]);
  console.log(`${part}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
console.log(`site/dist is built in ${((Date.now() - started) / 1000).toFixed(1)} s`);

function run(command, given) {
  execFileSync(command, given, { cwd: site, stdio: 'inherit', env: { ...process.env, SITE_BASE: values.base } });
}

function stop(message) {
  console.error(message);
  process.exit(2);
}
