import type { Comment } from './comments';
import type { AnnotatedFile } from './files';
import type { Project } from './project';

/** What a file is about, in its own words: at its head, above what it is named after, above its first export, or its first. */
export function sentenceOf(file: AnnotatedFile | undefined): string {
  const words = file && aboutOf(file)?.words.replaceAll(/^@[\s\S]*/gm, '');
  return firstSentence(words?.split('\n\n')[0]?.replaceAll('\n', ' ') ?? '');
}

function firstSentence(paragraph: string): string {
  // A full stop ends a sentence where no code and no bracket is open.
  for (const { index } of paragraph.matchAll(/[.:](?= [A-Z`]|$)/g)) {
    const before = paragraph.slice(0, index);
    const open = before.split('`').length % 2 === 0 || before.split(/[([]/).length !== before.split(/[)\]]/).length;
    if (!open && paragraph[index] === '.' && !/\b(?:et al|eq|e\.g|i\.e)$/.test(before)) return `${before}.`;
  }
  return paragraph;
}

function aboutOf({ source, comments }: AnnotatedFile): Comment | undefined {
  const prose = comments.filter(({ place }) => place === 'prose');
  const head = prose.find(({ line }) => line <= 2);
  if (head) return head;
  const stem = source.path
    .replace(/^.*\//, '')
    .replace(/\.(?:test\.)?ts$/, '')
    .replaceAll('-', '')
    .toLowerCase();
  const above = source.exports.flatMap(({ name, line }) => {
    const comment = prose.find((one) => one.endLine === line - 1);
    return comment ? [{ name, comment }] : [];
  });
  return (above.find(({ name }) => name.toLowerCase() === stem) ?? above[0])?.comment ?? prose[0];
}

/** The heading of a README, behind the name of its room. */
export function headingOf(project: Project, path: string): string {
  if (!project.has(path)) return '';
  const [heading = '', first = ''] = project.text(path).split(/\n{2,}/);
  const said = /: (.*)$/.exec(heading)?.[1];
  return said ?? firstSentence(first.replaceAll('\n', ' '));
}
