import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built site; checks run as site/.cache/NAME.mjs. */
export const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** The path that the site was built for and is served from. */
export const base = process.env.SITE_BASE ?? '/';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** A server of files, as plain as there are: no address has a meaning but that of a file, or of a folder's index.html. */
export interface Served {
  /** Where the site begins, with a slash at the end. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serve a folder from a sub-path; what is above the sub-path is not found. */
export async function serve(folder = dist, path = base): Promise<Served> {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const asked = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    const bytes = asked.startsWith(path)
      ? await readFile(join(folder, asked.slice(path.length))).catch(() => null)
      : null;
    response.writeHead(bytes ? 200 : 404, { 'content-type': types[extname(asked)] ?? 'application/octet-stream' });
    response.end(bytes ?? 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}${path}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
