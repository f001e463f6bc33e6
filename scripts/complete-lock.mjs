// A lock file made on one platform omits the optional binaries of platforms whose packages the registry
// in use does not carry, and `npm ci` then refuses the lock. This adds the missing optional entries,
// with the platform read off the package name. Run it after `npm install` changed the lock:
//   node scripts/complete-lock.mjs [LOCK, default package-lock.json]
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.argv[2] ?? 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The platform words of a package name: '@biomejs/cli-linux-x64-musl' → { os: ['linux'], cpu: ['x64'] }. */
function platform(name) {
  const words = name.split(/[-/]/).map((word) => (word === 'windows' ? 'win32' : word));
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  return { ...(os.length && { os }), ...(cpu.length && { cpu }) };
}

/** Where `name`, required from the package at `path`, would be found, if it is in the lock. */
function find(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const candidate = `${at ? `${at}/` : ''}node_modules/${name}`;
    if (lock.packages[candidate]) return candidate;
    if (at === '') return undefined;
  }
}

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (find(path, name) || !/^[~^]?\d/.test(version)) continue;
    const least = version.replace(/^[~^]/, '');
    lock.packages[`node_modules/${name}`] = { version: least, ...platform(name), dev: true, optional: true };
    added += 1;
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(`${added} optional entries added to ${file}`);
