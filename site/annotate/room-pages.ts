import { escapeHtml, pageOf, relative } from './html';
import { crumbsOf, type Page } from './page';
import { type Links, renderText } from './prose';

/** A folder with pages of files below it. */
export interface Room {
  /** Without a slash at its end; empty for the root. */
  readonly path: string;
  readonly files: readonly string[];
  readonly rooms: readonly string[];
}

/** The folders of files, with those between that have no file of their own. */
export function roomsOf(files: readonly string[]): Map<string, Room> {
  const rooms = new Map<string, { files: string[]; rooms: Set<string> }>();
  const at = (path: string): { files: string[]; rooms: Set<string> } => {
    const given = rooms.get(path) ?? { files: [], rooms: new Set<string>() };
    rooms.set(path, given);
    return given;
  };
  for (const file of files) {
    let folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
    at(folder).files.push(file);
    while (folder !== '') {
      const above = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
      at(above).rooms.add(folder);
      folder = above;
    }
  }
  return new Map(Array.from(rooms, ([path, room]) => [path, { path, files: room.files, rooms: [...room.rooms] }]));
}

export interface RoomWords {
  /** Markdown of the folder's README, if it has one. */
  readme(path: string): string | undefined;
  /** What a file begins with, as HTML for a page. */
  firstWords(path: string, page: string): string;
  /** How many files a room has, with those of its rooms. */
  size(path: string): number;
}

export function roomPage(room: Room, words: RoomWords, links: Links, hasPage: (page: string) => boolean): Page {
  const page = pageOf(`${room.path}/`);
  const readme = words.readme(room.path);
  const head = readme === undefined ? `<h1>${escapeHtml(room.path)}</h1>` : renderText(readme, links);
  return {
    path: page,
    title: room.path,
    kind: 'room',
    crumbs: crumbsOf(room.path, hasPage),
    body: `<div class="text">${head}</div>${listOf(room, words, page)}`,
  };
}

export function listOf(room: Room, words: RoomWords, page: string): string {
  const rooms = room.rooms.map(
    (path) =>
      `<li><a href="${relative(page, pageOf(`${path}/`))}"><code>${path.slice(room.path.length).replace(/^\//, '')}/</code></a><span>${words.firstWords(`${path}/README.md`, page)} <em>${words.size(path)} files</em></span></li>`,
  );
  const files = room.files.map(
    (path) =>
      `<li><a href="${relative(page, pageOf(path))}"><code>${path.split('/').at(-1)}</code></a><span>${words.firstWords(path, page)}</span></li>`,
  );
  return `${rooms.length > 0 ? `<h2>Rooms</h2><ul class="files">${rooms.join('')}</ul>` : ''}${files.length > 0 ? `<h2>Files</h2><ul class="files">${files.join('')}</ul>` : ''}`;
}
