/** A page of the tour. */
export interface Stop {
  /** Its page: `0`, `1`, …, or a name for what comes after. */
  readonly slug: string;
  readonly number?: number;
  readonly title: string;
  readonly minutes?: number;
  /** The part of the tour that it is in. */
  readonly part?: string;
  /** Markdown. */
  readonly text: string;
  /** Markdown behind a list of questions. */
  readonly after?: string;
  readonly question?: string;
  /** What stands behind the question on its line. */
  readonly hint?: string;
  readonly answer?: string;
  /** Questions with their answers, for a page that is a list of them. */
  readonly list?: readonly { readonly question: string; readonly answer: string }[];
  /** Files and folders that it names, in their order. */
  readonly files: readonly string[];
}

export interface Tour {
  readonly title: string;
  /** Markdown, before the first stop. */
  readonly intro: string;
  readonly stops: readonly Stop[];
  /** Paths that are not there. */
  readonly missing: readonly { readonly path: string; readonly line: number }[];
}

const heading = /^\*\*(\d+)\. (.+?) \((\d+) min\):\*\*\s*/;

/**
 * Reads `docs/reading.md`; `has` says which paths exist. A section is a part of the tour where it has stops, a page of its
 * own where it has none.
 */
export function readTour(markdown: string, has: (path: string) => boolean): Tour {
  const [first = '', ...sections] = markdown.split(/\n(?=## )/);
  const [title = '', ...intro] = first.split(/\n{2,}/);
  const before = intro.findIndex((one) => heading.test(one));
  const stops = stopsOf(before < 0 ? [] : intro.slice(before), undefined, has);
  for (const section of sections) {
    const [part = '', ...paragraphs] = section.trim().split(/\n{2,}/);
    if (paragraphs.some((one) => heading.test(one))) stops.push(...stopsOf(paragraphs, part.replace(/^## /, ''), has));
    else stops.push(sectionOf(section, has));
  }
  return {
    title: title.replace(/^# /, ''),
    intro: (before < 0 ? intro : intro.slice(0, before)).join('\n\n').trim(),
    stops,
    missing: missingIn(markdown, has),
  };
}

/** Paragraphs behind a stop belong to it: its answer, or more of its text. */
function stopsOf(paragraphs: readonly string[], part: string | undefined, has: (path: string) => boolean): Stop[] {
  const stops: Stop[] = [];
  for (const paragraph of paragraphs.map((one) => one.trim())) {
    const last = stops.at(-1);
    if (heading.test(paragraph)) stops.push({ ...stopOf(paragraph, has), ...(part === undefined ? {} : { part }) });
    else if (last) stops[stops.length - 1] = withMore(last, paragraph, has);
  }
  return stops;
}

function withMore(stop: Stop, paragraph: string, has: (path: string) => boolean): Stop {
  if (paragraph.startsWith('Answer: ')) return { ...stop, answer: paragraph.replace('Answer: ', '') };
  const files = [...new Set([...stop.files, ...filesIn(paragraph, has)])];
  return { ...stop, text: `${stop.text}\n\n${paragraph}`, files };
}

function stopOf(paragraph: string, has: (path: string) => boolean): Stop {
  const [, number = '', title = '', minutes = ''] = heading.exec(paragraph) ?? [];
  const body = paragraph.replace(heading, '').trim();
  const [, before = body, question, hint = ''] = /^([\s\S]*?)(?:^|\s)_([^_]+\?)_\s*([\s\S]*)$/.exec(body) ?? [];
  return {
    slug: number,
    number: Number(number),
    title,
    minutes: Number(minutes),
    text: before.trim(),
    ...(question === undefined ? {} : { question: question.replaceAll('\n', ' ') }),
    ...(hint === '' ? {} : { hint }),
    files: filesIn(paragraph, has),
  };
}

/** A section without stops is a page of its own; a numbered list of questions is folded. */
function sectionOf(section: string, has: (path: string) => boolean): Stop {
  const [, title = '', body = ''] = /^## (.+)\n([\s\S]*)$/.exec(section.trim()) ?? [];
  const questions = Array.from(body.matchAll(/^\d+\. _([^_]+\?)_\s+([\s\S]*?)(?=\n\d+\. _|\n\n|$(?![\s\S]))/gm));
  const page = { slug: title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'), title, files: filesIn(section, has) };
  const [first, last] = [questions[0], questions.at(-1)];
  if (!first || !last) return { ...page, text: body.trim() };
  return {
    ...page,
    text: body.slice(0, first.index).trim(),
    list: questions.map(([, question = '', answer = '']) => ({
      question,
      answer: answer.replaceAll(/\n {2,}/g, '\n'),
    })),
    after: body.slice(last.index + last[0].length).trim(),
  };
}

const path = /`((?:src|kernels|docs|test|examples|bench)\/[^`\s]*)`/g;

function filesIn(markdown: string, has: (path: string) => boolean): string[] {
  return [...new Set(Array.from(markdown.matchAll(path), ([, found = '']) => found))].filter(has);
}

function missingIn(markdown: string, has: (path: string) => boolean): { path: string; line: number }[] {
  return Array.from(markdown.matchAll(path)).flatMap(({ 1: found = '', index }) =>
    has(found) ? [] : [{ path: found, line: markdown.slice(0, index).split('\n').length }],
  );
}
