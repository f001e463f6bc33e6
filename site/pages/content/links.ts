import { posix } from 'node:path';
import { partsOf } from './anchors';

/** What a link can lead to, by paths in the clone. */
export interface Clone {
  /** Whether there is such a path: a file, a folder, or null. */
  kindOf(path: string): 'file' | 'folder' | null;
  /** The address of the page that shows a document, with a slash in front; null where no page does. */
  pageOf(path: string): string | null;
  /** The address of a file or folder in the annotated source; null where it has no page. */
  sourceOf(path: string): string | null;
  /** The anchors of a document, as links in documents have them, and those of its page. */
  anchorsOf(path: string): ReadonlyMap<string, string>;
}

/** A document whose links lead to pages, and what is wrong with it, as `FILE:LINE: sentence`. */
export interface Rewritten {
  readonly text: string;
  /** Paths in the clone of the pictures that it shows. */
  readonly pictures: readonly string[];
  readonly faults: readonly string[];
}

/** Addresses outside, and parts of the site that no document makes. */
const elsewhere = /^([a-z]+:|\/(source|playground|device|reference)\/)/;
/** A link or picture, whose text may contain code; or code. */
const links = /(!?)\[((?:[^[\]`]|`[^`]*`)*)\]\(([^()\s]*)\)|(`+)((?:[^`]|(?<!`)`+(?!`))*?)\4/g;
const roomPath = /^(src|test|kernels|docs|bench|examples|scripts|lessons|site)\/[\w./-]*$/;
/** Placeholders of instructions, as in `src/nn/layers/NAME.ts`. */
const placeholder = /NAME|FAMILY/;

/** The links of a document at `path` in the clone: to pages, to the annotated source, and from code that is a path. */
export function rewriteLinks(markdown: string, path: string, clone: Clone): Rewritten {
  const [faults, pictures]: [string[], string[]] = [[], []];
  const text = partsOf(markdown).map((part) => {
    if (part.code) return part.text;
    return part.text.replace(
      links,
      (whole, mark: string, label: string | undefined, target: string, ticks: string, code: string, offset: number) => {
        const fault = (sentence: string): string => {
          faults.push(`${path}:${part.line + part.text.slice(0, offset).split('\n').length - 1}: ${sentence}`);
          return whole;
        };
        if (label === undefined)
          return (
            codeLink(code, ticks, path, clone) ??
            (dangling(code, clone) ? fault(`\`${code}\` names nothing in the clone`) : whole)
          );
        if (elsewhere.test(target)) return whole;
        const address = mark === '!' ? picture(target, path, clone, pictures) : linked(target, path, clone);
        return address.startsWith('/') ? `${mark}[${label}](${address})` : fault(address);
      },
    );
  });
  return { text: text.join(''), pictures, faults };
}

/** The address that a link leads to, or a sentence that says why it leads nowhere. */
function linked(target: string, from: string, clone: Clone): string {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : inClone(from, file);
  if (clone.kindOf(path) === null) return `the link to ${target} leads to ${path}, which is not there`;
  const page = clone.pageOf(path) ?? roomOf(path, clone) ?? pageAround(path, clone);
  if (page === null) return `the link to ${target} leads to ${path}, which no page shows`;
  if (anchor === undefined) return page;
  const there = clone.pageOf(path) === null ? anchor : clone.anchorsOf(path).get(anchor);
  return there === undefined ? `the link to ${target}: ${path} has no heading #${anchor}` : `${page}#${there}`;
}

const inClone = (from: string, target: string): string =>
  posix.normalize(posix.join(posix.dirname(from), target)).replace(/\/$/, '');

/** The README of a room is shown with the room. */
const roomOf = (path: string, clone: Clone): string | null => clone.sourceOf(path.replace(/\/README\.md$/, ''));

/** For what has no page of its own, as scripts and data: that of the nearest folder around it that has a README. */
function pageAround(path: string, clone: Clone): string | null {
  const around = posix.dirname(path);
  return around === '.' ? null : (clone.pageOf(around) ?? pageAround(around, clone));
}

function picture(target: string, from: string, clone: Clone, pictures: string[]): string {
  const path = inClone(from, target);
  if (clone.kindOf(path) !== 'file') return `the picture ${target} is ${path}, which is not there`;
  pictures.push(path);
  return `/${path}`;
}

/** Code that is a path becomes a link: from the root of the clone, or in the README of a room from there. */
function codeLink(code: string, ticks: string, from: string, clone: Clone): string | null {
  const near = posix.basename(from) === 'README.md' && from !== 'README.md' ? inClone(from, code) : code;
  for (const path of [code, near]) {
    if (!/^[\w./-]+\.(ts|mjs|md)$/.test(path) || clone.kindOf(path) !== 'file') continue;
    const address = clone.pageOf(path) ?? roomOf(path, clone);
    if (address !== null) return `[${ticks}${code}${ticks}](${address})`;
  }
  return null;
}

const dangling = (code: string, clone: Clone): boolean =>
  roomPath.test(code) && !placeholder.test(code) && clone.kindOf(code.replace(/\/$/, '')) === null;
