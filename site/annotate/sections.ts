import type { Comment } from './comments';
import { wholeFormula } from './find-formulas';

/** Prose and the code that it stands beside. */
export interface Section {
  readonly comments: readonly Comment[];
  /** Lines of code, from 1, without the lines of the prose; none where `last` is less than `first`. */
  readonly first: number;
  readonly last: number;
}

/** Whether a comment stands beside the code: one that is a formula does wherever it has a line of its own. */
export function isProse(comment: Comment): boolean {
  return comment.place === 'prose' || (!comment.trailing && wholeFormula(comment.words) !== undefined);
}

/** A file cut at its comments that are prose. */
export function sectionsOf(lines: readonly string[], comments: readonly Comment[]): Section[] {
  const sections: Section[] = [];
  let [above, next]: [Comment[], number] = [[], 1];
  const close = (last: number): void => {
    let [from, to] = [next, last];
    while (from <= to && (lines[from - 1] as string).trim() === '') from += 1;
    while (to >= from && (lines[to - 1] as string).trim() === '') to -= 1;
    const imports = sections.length === 0 && above.length === 0 ? importsIn(lines, from, to) : 0;
    if (imports >= 5) sections.push({ comments: [], first: from, last: from + imports - 1 });
    if (imports >= 5) for (from += imports; from <= to && (lines[from - 1] as string).trim() === ''; ) from += 1;
    if (above.length > 0 || from <= to) sections.push({ comments: above, first: from, last: to });
    above = [];
  };
  for (const comment of comments.filter(isProse)) {
    const code = lines.slice(next - 1, comment.line - 1).some((line) => line.trim() !== '');
    if (code) close(comment.line - 1);
    above.push(comment);
    next = comment.endLine + 1;
  }
  close(lines.length);
  return sections;
}

/** How many lines from `first` on are imports. */
export function importsIn(lines: readonly string[], first: number, last: number): number {
  let count = 0;
  for (let i = first; i <= last; i++) {
    const line = lines[i - 1] as string;
    if (/^import .* from |^} from /.test(line)) count = i - first + 1;
    else if (line !== '' && !/^import |^ {2}[\w ]+,$/.test(line)) break;
  }
  return count;
}
